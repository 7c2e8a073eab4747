# The texts of the room: terminal.
