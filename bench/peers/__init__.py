"""Others that keep messages: ejabberd with its archive in PostgreSQL, RabbitMQ with durable MQTT sessions.

They come from Debian, run in folders and on ports of their own, do the same round as the product in the same run, and
are removed afterwards.
"""
