"""A virtual Raspberry Pi: a real arm64 kernel with a real gpiochip, pressed from outside."""
