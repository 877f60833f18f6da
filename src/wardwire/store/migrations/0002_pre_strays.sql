-- A core counts the rows that found no table of their day (store/partitions.sql: strays). Rights on a partitioned
-- table do not reach its parts when those are asked by name.
GRANT SELECT ON wardwire.messages_default, wardwire.inbox_default, wardwire.facts_default TO wardwire_app;
