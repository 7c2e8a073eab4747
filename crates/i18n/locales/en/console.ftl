# The texts of the room: console.
