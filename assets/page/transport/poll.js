// The connection by long polling: a request sends one line or none, and its response has events.

// The number of the newest poll. A new poll ends the older ones.
let latestPoll = 0;
// While polling: an own message is in flight until this time, and the next one waits.
let inFlightUntil = 0;

const authorization = () => ({ Authorization: 'Bearer ' + (session.resume || session.knock) });
const post = (path, body, options) => fetch(path, { method: 'POST', body, ...options });

async function pollFirst() {
	poll(await firstLine(), {});
}

/** Sends one line, or none, and waits for events. */
async function poll(line, headers = authorization()) {
	const number = (latestPoll += 1);
	const path = '/poll?after=' + (session.lastSeq || session.joinSeq || 0);
	const abort = new AbortController();
	const abortTimer = setTimeout(() => abort.abort(), 35000);
	try {
		const response = await post(path, line, { headers, signal: abort.signal });
		const text = await response.text();
		// A response of a proxy, such as a page about an error, has no events.
		const hasEvents = response.headers.get('content-type') === 'application/x-ndjson';
		if (polling && hasEvents) await receive(text);
		if (!polling) return;
		// A proxy that refuses what is in the request would refuse it again.
		if (!hasEvents && [400, 403, 413].includes(response.status)) giveBackSent();
		if (!response.ok) throw response.status;
		silentSeconds = probeSentAt = 0;
		if (number !== latestPoll) return;
		inFlightUntil = 0;
		// The pause keeps empty responses from becoming a flood of requests.
		if (!sendPending()) setTimeout(() => number === latestPoll && polling && poll(''), text ? 0 : 300);
	} catch {
		// The line of an older poll may be lost too; joining again repeats it.
		if (polling) reconnect();
	} finally {
		clearTimeout(abortTimer);
	}
}
