"""A state machine, byte by byte; it says what it does."""


class FrameDecoder:
    def __init__(self, max_size):
        self.room = self.max_size = max_size
        self.message = bytearray()

    def feed(self, data):
        if self.room < 0:
            raise ValueError
        done = []
        for byte in data:
            if byte == 10:
                done.append(self.message.decode("utf-8"))
                print("message", len(done))
                self.message.clear()
                self.room = self.max_size
                continue
            self.room -= 1
            if self.room < 0:
                raise ValueError(f"more than {self.max_size} bytes")
            self.message.append(byte)
        return done
