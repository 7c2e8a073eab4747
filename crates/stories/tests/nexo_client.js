// Runs the unmodified client @adyen/api-library for tests/nexo_client.rs. One command a line on standard
// input, one answer a line on standard output. Every body that goes over the line is read below the client
// (opened with a second implementation of the container) and held against the published schema.
"use strict";
const crypto = require("crypto");
const fs = require("fs");
const https = require("https");
const path = require("path");
const readline = require("readline");

const [modules, schemaFile] = process.argv.slice(2);
const from = (name) => require(path.join(modules, name));

// ---- the schema --------------------------------------------------------------------------------

const Ajv = from("ajv/dist/2020").default;
const ajv = new Ajv({ strict: false, allErrors: true });
from("ajv-formats").default(ajv);
ajv.addSchema(JSON.parse(fs.readFileSync(schemaFile, "utf8")), "api");
const asked = ajv.getSchema("api#/components/schemas/TerminalAPIRequest");
const answered = ajv.getSchema("api#/components/schemas/TerminalAPIResponse");

function against(validate, document) {
    return validate(document) ? [] : validate.errors.map((error) => `${error.instancePath} ${error.message}`);
}

// ---- what goes over the line -------------------------------------------------------------------

const passphrases = new Map();
const exchanges = [];

function opened(document) {
    const root = document.SaleToPOIRequest ?? document.SaleToPOIResponse;
    if (!root?.NexoBlob) return document;
    const trailer = root.SecurityTrailer;
    const passphrase = passphrases.get(`${trailer.KeyIdentifier} ${trailer.KeyVersion}`);
    const keys = crypto.pbkdf2Sync(passphrase, "AdyenNexoV1Salt", 4000, 80, "sha1");
    const nonce = Buffer.from(trailer.Nonce, "base64");
    const iv = keys.subarray(64).map((byte, index) => byte ^ nonce[index]);
    const cipher = crypto.createDecipheriv("aes-256-cbc", keys.subarray(32, 64), iv);
    const text = Buffer.concat([cipher.update(Buffer.from(root.NexoBlob, "base64")), cipher.final()]);
    const mac = crypto.createHmac("sha256", keys.subarray(0, 32)).update(text).digest("base64");
    if (mac !== trailer.Hmac) throw new Error("the MAC does not fit");
    return JSON.parse(text.toString("utf8"));
}

const request = https.request;
https.request = function (...told) {
    const outgoing = request.apply(this, told);
    const [sent, got] = [[], []];
    const write = outgoing.write;
    outgoing.write = function (chunk, ...rest) {
        sent.push(Buffer.from(chunk));
        return write.call(this, chunk, ...rest);
    };
    outgoing.prependListener("response", (response) => {
        response.on("data", (chunk) => got.push(Buffer.from(chunk)));
        response.on("end", () => {
            exchanges.push({ sent: Buffer.concat(sent), got: Buffer.concat(got), status: response.statusCode });
        });
    });
    return outgoing;
};

/** What the schema says of everything since the last look. */
function invalid() {
    const faults = [];
    for (const { sent, got, status } of exchanges.splice(0)) {
        try {
            faults.push(...against(asked, opened(JSON.parse(sent))).map((fault) => `request ${fault}`));
            // An accepted Abort has no body; a message that does not open has none of the protocol.
            if (status === 200 && got.length > 0) {
                const document = opened(JSON.parse(got));
                const validate = document.SaleToPOIResponse ? answered : asked;
                faults.push(...against(validate, document).map((fault) => `answer ${fault}`));
            }
        } catch (error) {
            faults.push(String(error));
        }
    }
    return faults;
}

// ---- the client --------------------------------------------------------------------------------

const { Client, Config, EnvironmentEnum, TerminalLocalAPI, Types } = from("@adyen/api-library");
const Plain = from("@adyen/api-library/lib/src/services/terminalLocalAPIUnencrypted").default;
const { ObjectSerializer } = from("@adyen/api-library/lib/src/typings/terminal/models");

async function exchange({ endpoint, certificate, key, message, timeout_ms }) {
    const config = new Config({
        environment: EnvironmentEnum.TEST,
        apiKey: "not looked at",
        terminalApiLocalEndpoint: endpoint,
        certificatePath: certificate,
        connectionTimeoutMillis: timeout_ms ?? 60000,
    });
    const client = new Client(config);
    const request = ObjectSerializer.deserialize(message, "TerminalApiRequest");
    if (!key) return new Plain(client).request(request);
    passphrases.set(`${key.KeyIdentifier} ${key.KeyVersion}`, key.Passphrase);
    return new TerminalLocalAPI(client).request(request, key);
}

const lines = readline.createInterface({ input: process.stdin });
lines.on("line", async (line) => {
    const command = JSON.parse(line);
    const told = { id: command.id };
    try {
        told.answer = await exchange(command);
    } catch (error) {
        told.error = `${error.name}: ${error.message ?? error} ${error.responseBody ?? ""}`;
    }
    told.invalid = invalid();
    process.stdout.write(`${JSON.stringify(told)}\n`);
});
