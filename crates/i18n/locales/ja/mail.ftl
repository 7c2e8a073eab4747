# The texts of the room: mail.
