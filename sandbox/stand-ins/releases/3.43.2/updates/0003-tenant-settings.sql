-- Settings per tenant.
-- step: add table jtel.tenant_settings
CREATE TABLE IF NOT EXISTS jtel.tenant_settings (
  tenant_id INT UNSIGNED NOT NULL,
  name      VARCHAR(64)  NOT NULL,
  value     VARCHAR(255) NOT NULL,
  PRIMARY KEY (tenant_id, name),
  FOREIGN KEY (tenant_id) REFERENCES jtel.tenants (id)
);
-- step: give every tenant its default skin
INSERT IGNORE INTO jtel.tenant_settings (tenant_id, name, value) SELECT id, 'skin', 'default' FROM jtel.tenants;
