-- Whoever looks after the desk asks every two seconds what was taken or cleared lately: it must not read all alarms
-- that ever were for that.
CREATE INDEX alarms_settled ON wardwire.alarms (greatest(taken_at, cleared_at)) WHERE told_by IS NOT NULL;
