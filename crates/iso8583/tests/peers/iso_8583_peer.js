// Reads and writes the messages of peers.rs with npm iso_8583; its folder of packages is the argument.
//
// Standard input: {"dialect": "mixed", "messages": [{"raw": hex with length, "fields": {number: text}}]}.
// Standard output: for each message the fields that it reads from raw, and the bytes that it writes from fields.
const path = require('path');
const fs = require('fs');
const Iso8583 = require(path.join(process.argv[2], 'iso_8583'));

const question = JSON.parse(fs.readFileSync(0, 'utf8'));
const answers = question.messages.map((message) => {
  const read = new Iso8583().getIsoJSON(Buffer.from(message.raw, 'hex'));
  const written = new Iso8583(message.fields).getBufferMessage();
  if (!Buffer.isBuffer(written)) {
    throw new Error(`${message.fields[0]}: ${JSON.stringify(written)}`);
  }
  return { fields: read, raw: written.toString('hex').toUpperCase() };
});
process.stdout.write(JSON.stringify(answers));
