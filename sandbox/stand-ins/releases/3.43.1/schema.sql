-- Schema version 1: what a new database of release 3.43.1 consists of.
CREATE DATABASE jtel CHARACTER SET utf8mb4;
CREATE DATABASE jtelstats CHARACTER SET utf8mb4;

CREATE TABLE jtel.schema_version (
  version     INT UNSIGNED NOT NULL PRIMARY KEY,
  name        VARCHAR(64)  NOT NULL,
  `release`   VARCHAR(32)  NOT NULL,
  steps_done  INT UNSIGNED NOT NULL,
  steps_total INT UNSIGNED NOT NULL,
  started     DATETIME     NOT NULL,
  finished    DATETIME     NULL
);

CREATE TABLE jtel.tenants (
  id   INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(128) NOT NULL UNIQUE
);

CREATE TABLE jtel.users (
  id         INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  tenant_id  INT UNSIGNED NOT NULL,
  login      VARCHAR(64)  NOT NULL UNIQUE,
  first_name VARCHAR(64)  NOT NULL,
  last_name  VARCHAR(64)  NOT NULL,
  FOREIGN KEY (tenant_id) REFERENCES jtel.tenants (id)
);

CREATE TABLE jtel.announcements (
  id        INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  tenant_id INT UNSIGNED NOT NULL,
  title     VARCHAR(128) NOT NULL,
  file      VARCHAR(255) NOT NULL,
  FOREIGN KEY (tenant_id) REFERENCES jtel.tenants (id)
);

CREATE TABLE jtelstats.calls_per_day (
  day       DATE         NOT NULL,
  tenant_id INT UNSIGNED NOT NULL,
  offered   INT UNSIGNED NOT NULL,
  answered  INT UNSIGNED NOT NULL,
  PRIMARY KEY (day, tenant_id)
);

INSERT INTO jtel.schema_version VALUES (1, 'base', '3.43.1', 1, 1, '2026-01-05 06:00:00', '2026-01-05 06:00:01');
