// The connection to the room: a WebSocket, or long polling after three failed attempts.

let socket = null;
// WebSocket attempts in a row without an event from the server.
let failures = 0;
// The number of the newest poll. A new poll ends the older ones.
let latestPoll = 0;
// While polling: an own message is in flight until this time, and the next one waits.
let inFlightUntil = 0;
// When the heartbeat was sent that has no answer yet, or 0.
let probeSentAt = 0;
let backoff = 0,
	retryTimer = 0;

function connect() {
	clearTimeout(retryTimer);
	// When neither transport works, they take turns.
	polling = failures > 2 && !polling;
	if (polling) poll(joinRequest(), {});
	else openSocket();
}

function joinRequest() {
	const { name, resume, lastSeq, joinSeq } = session;
	return JSON.stringify({ t: 'join', name: cleanText(name), ticket, ...(resume && { resume, after: lastSeq || joinSeq }) });
}

function openSocket() {
	closeSocket();
	let ws;
	try {
		ws = socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws');
	} catch {
		// The browser has no WebSockets, or does not allow them.
		failures = 3;
		if (!polling) reconnect();
		return;
	}
	let answered = false;
	const connectTimer = setTimeout(() => ws.onclose({}), 4000);
	ws.onopen = () => ws.send(joinRequest());
	ws.onmessage = ({ data }) => {
		if (ws !== socket) return;
		if (!answered) polling = false;
		answered = true;
		failures = 0;
		clearTimeout(connectTimer);
		receive(data);
	};
	ws.onclose = ({ code }) => {
		clearTimeout(connectTimer);
		if (ws !== socket) return;
		closeSocket();
		if (code === 4000) endSession();
		// Not valid text, or too long: sent again, it would close the next socket.
		if (code === 1007 || code === 1009) giveBackSent();
		if (!answered) failures += 1;
		if (!polling) reconnect();
	};
}

function closeSocket() {
	socket?.close();
	socket = null;
}

const authorization = () => ({ Authorization: 'Bearer ' + session.resume });
const post = (path, body, options) => fetch(path, { method: 'POST', body, ...options });

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
		if (polling && hasEvents) receive(text);
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

/** Reconnects after a delay that doubles each time, up to 15 s. */
function reconnect() {
	if (!session) return;
	connected = false;
	probeSentAt = 0;
	latestPoll += 1;
	closeSocket();
	if (!joined && polling) return showRefusal({ text: 'The room cannot be reached. Try again in a moment.' });
	backoff = Math.min(15000, backoff * 2 || 300);
	clearTimeout(retryTimer);
	retryTimer = setTimeout(connect, backoff * (0.5 + Math.random() / 2));
	renderStatus();
}

function send(event) {
	const line = JSON.stringify(event);
	if (connected && polling) poll(line);
	else if (connected) socket.send(line);
}

/** Sends the pending messages that are not in flight; returns whether it sent any. */
function sendPending() {
	if (!connected || (polling && Date.now() < inFlightUntil)) return false;
	let any = false;
	for (const [ref, own] of pending) {
		if (own.sentAt || (any && polling)) continue;
		any = true;
		own.sentAt = Date.now();
		inFlightUntil = own.sentAt + 3000;
		send({ t: 'say', ref, body: own.body });
	}
	// Shows within seconds whether the connection carries anything; a poll is answered in any case.
	if (any && !probeSentAt) polling ? (probeSentAt = Date.now()) : probe();
	return any;
}

/** Checks the connection by a heartbeat, which the server answers; without one, connects. */
function probe() {
	if (connected) {
		probeSentAt = Date.now();
		send({ t: 'beat' });
	} else if (joined && !socket) {
		connect();
	}
}
