-- A ticket that was merged into an emergency's may hold the customer's answer.

ALTER TABLE emergency_detail ADD COLUMN doubt_merge_ms INTEGER NOT NULL DEFAULT 0;
