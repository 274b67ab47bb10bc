"""asyncio's streams: a limit for lines, and the size of the transport's buffer for slow readers."""

import asyncio
import json

LONGEST_LINE = 65_536
MOST_OWED = 1 << 20


def message(line):
    found = json.loads(line.decode("utf-8"))
    match found:
        case {"user": str(user), "text": str(text)}:
            return json.dumps({"user": user, "text": text}, ensure_ascii=False).encode() + b"\n"
    raise ValueError("no message")


def complaint(reason):
    return json.dumps({"error": reason}).encode() + b"\n"


class Chat:
    def __init__(self):
        self.writers = {}

    async def member(self, reader, writer):
        self.writers[writer] = None
        try:
            while line := await reader.readline():
                if line.endswith(b"\n"):
                    self.heard(line[:-1], writer)
        except ValueError:  # readline(): longer than the limit
            writer.write(complaint("This line is too long."))
        except OSError:
            pass
        finally:
            self.part(writer)

    def heard(self, line, speaker):
        try:
            words = message(line)
        except (ValueError, RecursionError) as error:
            speaker.write(complaint(f"This is no message: {error}"))
            return
        for writer in list(self.writers):
            if writer is not speaker:
                writer.write(words)
                if writer.transport.get_write_buffer_size() > MOST_OWED:
                    self.part(writer)

    def part(self, writer):
        self.writers.pop(writer, None)
        writer.close()  # sends what is in its buffer first


async def main(listener):
    server = await asyncio.start_server(Chat().member, sock=listener, limit=LONGEST_LINE)
    await server.serve_forever()


def serve(listener):
    asyncio.run(main(listener))
