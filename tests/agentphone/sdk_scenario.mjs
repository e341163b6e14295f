// A scenario that uses every method of the official TypeScript SDK. It prints all methods and those that worked, as
// one line of JSON.
import assert from "node:assert/strict";
import { AgentPhoneClient, AgentPhoneError } from "agentphone";

const { AGENTPHONE_API_KEY, AGENTPHONE_BASE_URL, RINGBACK_URL, ACCOUNT_ID, HOOK_URL } = process.env;
const FRIEND = "+447700900177";
const client = new AgentPhoneClient({ token: AGENTPHONE_API_KEY, baseUrl: AGENTPHONE_BASE_URL, maxRetries: 0 });

const worked = new Set();
async function to(name, ...args) {
    const [resource, method] = name.split(".");
    const answer = await client[resource][method](...args);
    worked.add(name);
    return answer;
}

async function control(path, body, method = "POST") {
    const answer = await fetch(`${RINGBACK_URL}/_ringback${path}`, {
        method,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
    });
    assert.ok(answer.ok, await answer.clone().text());
    return answer.json();
}
const advance = (step) => control("/clock/advance", { account_id: ACCOUNT_ID, ...step });
const script = (match, script) => control("/scripts", { vendor: "agentphone", account_id: ACCOUNT_ID, match, script });

const agent = await to("agents.createAgent", { name: "Front desk", beginMessage: "Hello.", maxSilenceMs: 20000 });
assert.equal(agent.voiceMode, "webhook");
assert.equal((await to("agents.getAgent", { agent_id: agent.id })).id, agent.id);
assert.equal((await to("agents.updateAgent", { agent_id: agent.id, description: "Takes orders" })).description, "Takes orders");
assert.equal((await to("agents.listAgents")).total, 1);
assert.ok((await to("agents.listVoices")).data[0].voice_id);

const number = await to("numbers.createNumber", { areaCode: "415" });
assert.match(number.phoneNumber, /^\+1415/);
assert.equal((await to("numbers.getNumber", { number_id: number.id })).status, "active");
assert.equal((await to("agents.attachNumberToAgent", { agent_id: agent.id, numberId: number.id })).agentId, agent.id);
assert.deepEqual(await to("agents.detachNumberFromAgent", { agent_id: agent.id, number_id: number.id }), { success: true });
await client.agents.attachNumberToAgent({ agent_id: agent.id, numberId: number.id });
const page = await to("numbers.listNumbers");
assert.deepEqual([page.total, page.hasMore, page.data[0].agentId], [1, false, agent.id]);
assert.equal((await to("contactCards.putContactCard", { number_id: number.id, firstName: "Ada" })).displayName, "Ada");
assert.equal((await to("contactCards.getContactCard", { number_id: number.id })).firstName, "Ada");
assert.equal(await to("contactCards.deleteContactCard", { number_id: number.id }), undefined);

assert.equal(await to("webhooks.getWebhook"), null);
const hook = await to("webhooks.createOrUpdateWebhook", { body: { url: HOOK_URL } });
assert.deepEqual([hook.contextLimit, hook.timeout], [10, 30]);
assert.equal((await to("webhooks.testWebhook", { agentId: agent.id })).success, true);
assert.equal(await to("agentWebhooks.getAgentWebhook", { agent_id: agent.id }), null);
const own = await to("agentWebhooks.createOrUpdateAgentWebhook", { agent_id: agent.id, body: { url: HOOK_URL } });
assert.notEqual(own.secret, hook.secret);
assert.equal((await to("agentWebhooks.testAgentWebhook", { agent_id: agent.id })).success, true);
const [delivery] = await to("agentWebhooks.listAgentDeliveries", { agent_id: agent.id });
assert.deepEqual([delivery.status, delivery.attemptCount], ["success", 1]);
assert.deepEqual(await to("agentWebhooks.deleteAgentWebhook", { agent_id: agent.id }), { success: true });
const deliveries = await to("webhooks.listDeliveries");
assert.deepEqual([deliveries.total, deliveries.items.length, deliveries.offset, deliveries.limit], [2, 2, 0, 50]);
assert.equal((await to("webhooks.deliveryStats")).byEventType["agent.message"].success, 2);
assert.equal((await to("webhooks.allTimeStats")).successRate, 100);

await script({ to: FRIEND }, { turns: [{ speaker: "caller", text: "Is my bread ready?" }], answer_after: 2 });
const placed = await to("calls.createOutboundCall", { agentId: agent.id, toNumber: FRIEND, initialGreeting: "Bakery here." });
assert.deepEqual([placed.status, placed.transcripts], ["in-progress", []]);
await advance({ idle: true });
const call = await to("calls.getCall", { call_id: placed.id });
assert.deepEqual([call.status, call.transcripts[1].response], ["completed", "It is."]);
assert.equal((await to("calls.getCallTranscript", { call_id: call.id })).transcript.length, 3);
// The client reads every body as JSON: that of a stream and that of a recording it hands over as text.
const stream = await to("calls.streamCallTranscript", { call_id: call.id });
assert.match(stream.error.rawBody, /^event: connected\n[^]*event: ended\ndata: \{"durationSeconds":\d+\}\n\n$/);
assert.match((await to("calls.getCallRecording", { call_id: call.id })).error.rawBody, /^RIFF/);
const hosted = await client.calls.createOutboundCall({ agentId: agent.id, toNumber: FRIEND, systemPrompt: "Be kind." });
assert.equal((await to("calls.endCall", { call_id: hosted.id })).id, hosted.id);
assert.equal((await client.calls.getCall({ call_id: hosted.id })).status, "no-answer");
assert.equal((await to("calls.createWebCall", { agentId: agent.id })).direction, "web");
await advance({ idle: true });
assert.equal((await to("calls.listCalls", { status: "completed", direction: "outbound" })).total, 1);
assert.equal((await to("calls.listCallsForNumber", { number_id: number.id })).total, 3);
assert.equal((await to("agents.listAgentCalls", { agent_id: agent.id })).total, 3);

await control("/messages", { vendor: "agentphone", to: number.phoneNumber, from: FRIEND, body: "Hi" });
const sent = await to("messages.sendMessage", { agent_id: agent.id, to_number: FRIEND, body: "Hello" });
assert.deepEqual([sent.status, sent.channel], ["queued", "sms"]);
await advance({ idle: true });
const { data: messages } = await to("numbers.getMessages", { number_id: number.id });
assert.deepEqual(messages.map((one) => [one.direction, one.from_]), [["outbound", number.phoneNumber], ["inbound", FRIEND]]);
const [conversation] = (await to("conversations.listConversations")).data;
assert.deepEqual([conversation.participant, conversation.messageCount, conversation.lastMessagePreview], [FRIEND, 2, "Hello"]);
const changed = await to("conversations.updateConversation", { conversation_id: conversation.id, metadata: { order: 17 } });
assert.deepEqual(changed.metadata, { order: 17 });
const cleared = await client.conversations.updateConversation({ conversation_id: conversation.id, metadata: null });
assert.equal(cleared.metadata, null);
assert.equal((await to("conversations.getConversation", { conversation_id: conversation.id })).messages[0].body, "Hi");
const walked = await to("conversations.getConversationMessages", { conversation_id: conversation.id, limit: 1 });
assert.deepEqual([walked.data.length, walked.hasMore], [1, true]);
assert.equal((await to("agents.listAgentConversations", { agent_id: agent.id })).total, 1);

const blue = await client.numbers.createNumber({ type: "imessage" });
const ready = await client.messages.sendMessage({ number_id: blue.id, to_number: FRIEND, body: "Ready" });
assert.equal((await to("messages.sendReaction", { message_id: ready.id, reaction: "love" })).reaction_type, "love");
const inBlue = { conversation_id: ready.conversation_id };
assert.equal((await to("conversations.sendTypingIndicator", inBlue)).status, "sent");
assert.equal((await to("conversations.setChatBackground", { ...inBlue, image_url: "https://example.com/a.png" })).changed, true);
assert.equal(await to("conversations.removeChatBackground", inBlue), undefined);

const contact = await to("contacts.createContact", { phoneNumber: "(415) 555-0177", name: "Grace" });
assert.equal(contact.phoneNumber, "+14155550177");
assert.equal((await to("contacts.getContact", { contact_id: contact.id })).name, "Grace");
assert.equal((await to("contacts.updateContact", { contact_id: contact.id, name: "Grace H." })).name, "Grace H.");
assert.equal((await to("contacts.listContacts")).total, 1);
assert.equal((await to("contacts.getContactCapabilities", { phone_number: FRIEND })).capabilities.sms, true);
assert.equal(await to("contacts.deleteContact", { contact_id: contact.id }), undefined);

const usage = await to("usage.getUsage");
assert.deepEqual([usage.plan.limits.numbers, usage.numbers.used, usage.stats.totalCalls], [10, 2, 3]);
assert.equal((await to("usage.getDailyUsage", { days: 2 })).days, 2);
assert.equal((await to("usage.getMonthlyUsage", { months: 2 })).data.length, 2);
assert.equal((await to("usage.getUsageByNumber")).data.length, 2);
assert.equal((await to("usage.getUsageByAgent", { period: "week" })).data[0].calls, 3);

const sub = await to("subAccounts.createSubAccount", { name: "Uptown" });
const scoped = await client.numbers.createNumber({ "X-Sub-Account-Id": sub.id });
assert.equal((await client.numbers.listNumbers({ "X-Sub-Account-Id": sub.id })).data[0].id, scoped.id);
assert.equal((await client.numbers.listNumbers()).total, 2);
assert.equal((await to("subAccounts.updateSubAccount", { sub_account_id: sub.id, name: "Downtown" })).name, "Downtown");
assert.equal((await to("subAccounts.listSubAccounts")).data.length, 1);
assert.deepEqual(await to("subAccounts.deleteSubAccount", { sub_account_id: sub.id }), { success: true });

await control(`/accounts/${ACCOUNT_ID}`, { sms_registration: "none" }, "PATCH");
assert.equal((await to("registration.getRegistrationStatus")).campaign_status, "none");
const registered = await to("registration.registerA2P", JSON.parse(process.env.REGISTRATION));
assert.deepEqual([registered.ok, registered.fee_cents], [true, 2500]);
assert.match(registered.sub_account_id, /^sub_/);

const { pollAfterSeconds } = await to("location.refreshLocations");
await advance({ seconds: pollAfterSeconds });
assert.equal((await to("location.getLocation", { phone_number: number.phoneNumber })).status, "located");

assert.deepEqual(await to("webhooks.deleteWebhook"), { success: true });
assert.equal((await to("agents.deleteAgent", { agent_id: agent.id })).success, true);
assert.equal((await to("numbers.deleteNumber", { number_id: number.id })).status, "released");
await assert.rejects(client.numbers.getNumber({ number_id: "num_0" }), (error) => {
    assert.ok(error instanceof AgentPhoneError);
    return error.statusCode === 404;
});
await assert.rejects(client.numbers.createNumber({ areaCode: "4" }), (error) => {
    assert.deepEqual(error.body.detail[0].loc, ["body", "areaCode"]);
    return error.statusCode === 422;
});

const resources = Object.entries(Object.getOwnPropertyDescriptors(AgentPhoneClient.prototype)).filter(([, found]) => found.get);
const methods = resources.flatMap(([name]) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(client[name]))
        .filter((method) => method !== "constructor" && !method.startsWith("_"))
        .map((method) => `${name}.${method}`),
);
console.log(JSON.stringify({ methods, worked: [...worked] }));
