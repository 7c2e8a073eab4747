# The texts of the room: desk.
