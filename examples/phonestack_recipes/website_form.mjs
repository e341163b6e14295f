// A form on a website: anyone who fills it out becomes a contact of a running campaign, and is called within seconds.
//   node website_form.mjs NAME PHONE EMAIL PAGE [CAMPAIGN_ID]

const ADDRESS = process.env.PHONESTACK_BASE_URL ?? "https://phonestack.com";
const KEY = process.env.PHONESTACK_API_KEY;

async function ask(method, path, body) {
  const answer = await fetch(`${ADDRESS}/api/v1${path}`, {
    method,
    headers: { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const document = await answer.json();
  if (!document.success) throw new Error(`${document.error.code}: ${document.error.message}`);
  return document.data;
}

// The campaign that takes website leads: the first one that runs, unless one is named.
async function campaign() {
  const running = await ask("GET", "/campaigns?direction=outbound&status=running");
  if (running.length === 0) throw new Error("no campaign runs: start one first");
  return running[0].id;
}

export async function submitted(form, campaignId) {
  return ask("POST", "/contacts", {
    first_name: form.name,
    phone: form.phone,
    email: form.email,
    campaign_id: campaignId ?? (await campaign()),
    tags: ["website_lead"],
    custom_fields: { source_page: form.page },
  });
}

const [name, phone, email, page, campaignId] = process.argv.slice(2);
try {
  const contact = await submitted({ name, phone, email, page }, campaignId);
  console.log(`called: ${contact.id}`);
} catch (error) {
  console.error(`not called: ${error.message}`);
  process.exitCode = 1;
}
