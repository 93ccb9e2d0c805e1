"""Ways to tell people who are not looking at a screen; one file a kind of channel."""

from gateway.channels.notice import Channel, DeliveryResult, Notice

__all__ = ["Channel", "DeliveryResult", "Notice"]
