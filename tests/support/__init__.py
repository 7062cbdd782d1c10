"""What the tests stand on: databases, people, browsers, processes, a mail server."""
