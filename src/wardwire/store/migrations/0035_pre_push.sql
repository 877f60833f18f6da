-- Where a device's browser lets itself be woken by Web Push (RFC 8030), one each. The address is one that only we and the
-- browser's push service should know: whoever has it can wake the device, and read nothing.

CREATE TABLE wardwire.push_subscriptions (
    device_id uuid PRIMARY KEY REFERENCES wardwire.devices,
    endpoint  text NOT NULL CHECK (endpoint LIKE 'https://%' AND octet_length(endpoint) <= 1024),
    p256dh    bytea NOT NULL CHECK (octet_length(p256dh) = 65),
    auth      bytea NOT NULL CHECK (octet_length(auth) = 16),
    since     timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON wardwire.push_subscriptions TO wardwire_app;
REVOKE ALL ON wardwire.push_subscriptions FROM wardwire_readonly;
