// Keeps a CRM up to date from signed events: one line of JSON for each call that was held.
//   node crm_update.mjs SECRET [PORT]        prints the address it listens on first

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const [secret, port] = process.argv.slice(2);

// The signature is over the bytes as they came: parsing them first could change them.
function signedByThem(body, signature) {
  const expected = createHmac("sha256", secret).update(body).digest();
  const given = Buffer.from(signature ?? "", "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

// What the page's own receiver does: it signs the body as serialized again.
function signedAsThePageChecks(body, signature) {
  return createHmac("sha256", secret).update(JSON.stringify(JSON.parse(body))).digest("hex") === signature;
}

function updateCrm(data) {
  const update = {
    contact: data.contact_id,
    last_call: data.timestamp,
    disposition: data.analysis.disposition,
    summary: data.analysis.summary,
    meeting_booked: data.analysis.meeting_booked,
    tell_sales: data.analysis.disposition === "hot_lead",
  };
  console.log(JSON.stringify(update));
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    const signature = request.headers["x-phonestack-signature"];
    if (!signedByThem(body, signature) || !signedAsThePageChecks(body, signature)) {
      response.writeHead(401).end("Invalid signature");
      return;
    }
    const { event, data } = JSON.parse(body);
    if (event === "call.completed") updateCrm(data);
    response.writeHead(200).end("OK");
  });
});
server.listen(Number(port ?? 0), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/hook`));
