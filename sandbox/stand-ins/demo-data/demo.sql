-- Rows that a new installation starts with, in the shape of schema version 1 (later releases' updates run over them).
INSERT INTO jtel.tenants (name) VALUES ('Vanilla Contact Centre'), ('Service Desk');
INSERT INTO jtel.users (tenant_id, login, first_name, last_name) VALUES
  (1, 'ada', 'Ada', 'Lovelace'), (1, 'alan', 'Alan', 'Turing'), (1, 'grace', 'Grace', 'Hopper'), (2, 'edsger', 'Edsger', 'Dijkstra');
INSERT INTO jtel.announcements (tenant_id, title, file) VALUES
  (1, 'Welcome', 'announcements/welcome.wav'), (1, 'Goodbye', 'announcements/goodbye.wav');
INSERT INTO jtelstats.calls_per_day
  SELECT DATE('2026-01-01') + INTERVAL seq DAY, 1, 40 + (seq * 7) MOD 31, 40 + (seq * 7) MOD 31 - seq MOD 6 FROM jtelstats.seq_0_to_89;
