-- Users get a name to be shown, made from first and last name.
-- step: add column jtel.users.display_name
ALTER TABLE jtel.users ADD COLUMN IF NOT EXISTS display_name VARCHAR(130) NULL;
-- step: fill display names of existing users
UPDATE jtel.users SET display_name = CONCAT(first_name, ' ', last_name) WHERE display_name IS NULL;
-- step: make display names mandatory
ALTER TABLE jtel.users MODIFY COLUMN display_name VARCHAR(130) NOT NULL;
