# The texts of the room: receipt.
