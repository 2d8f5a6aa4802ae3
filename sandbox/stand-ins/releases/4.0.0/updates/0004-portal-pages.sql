-- The portal's start page per tenant.
-- step: add table jtel.portal_pages
CREATE TABLE IF NOT EXISTS jtel.portal_pages (
  tenant_id INT UNSIGNED NOT NULL PRIMARY KEY,
  title     VARCHAR(130) NOT NULL,
  FOREIGN KEY (tenant_id) REFERENCES jtel.tenants (id)
);
-- step: give every tenant a start page
INSERT IGNORE INTO jtel.portal_pages (tenant_id, title) SELECT id, name FROM jtel.tenants;
