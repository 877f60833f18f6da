"""The floors that the product is measured against: the same work with everything left out that can be.

`bare` is the same NATS servers, leaf, client and inserts without rights, facts, deadlines and proofs; `direct`
puts the devices on a WebSocket of the core, without NATS. One lean load maker drives all of them.
"""
