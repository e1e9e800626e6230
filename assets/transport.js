// The connection to the room: a WebSocket, or long polling after three failed attempts.

let socket = null;
// WebSocket attempts in a row without an event from the server.
let socketFailures = 0;
// The number of the newest poll. A new poll ends the older ones.
let latestPoll = 0;
// While polling: an own message is in flight until this time, and the next one waits.
let inFlightUntil = 0;
// When the heartbeat was sent that has no answer yet, or 0.
let probeSentAt = 0;
let [backoff, retryTimer] = [0, 0];

function connect() {
	clearTimeout(retryTimer);
	// When neither transport works, they take turns.
	polling = socketFailures > 2 && !polling;
	if (polling) poll(joinRequest(), {});
	else openSocket();
}

function joinRequest() {
	const { name, resume, lastSeq, joinSeq } = session;
	return JSON.stringify({ t: 'join', name, ticket, ...(resume && { resume, after: lastSeq || joinSeq }) });
}

function openSocket() {
	closeSocket();
	const ws = (socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws'));
	let answered = false;
	const connectTimer = setTimeout(() => ws.onclose({}), 4000);
	ws.onopen = () => ws.send(joinRequest());
	ws.onmessage = ({ data }) => {
		if (ws !== socket) return;
		if (!answered) polling = false;
		answered = true;
		socketFailures = 0;
		clearTimeout(connectTimer);
		receive(data);
	};
	ws.onclose = ({ code }) => {
		clearTimeout(connectTimer);
		if (ws !== socket) return;
		closeSocket();
		if (code === 4000) endSession();
		if (!answered) socketFailures += 1;
		if (!polling) handleDisconnect();
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
	try {
		const response = await post(path, line, { headers, signal: AbortSignal.timeout(35000) });
		const text = await response.text();
		if (polling) receive(text);
		if (!polling) return;
		if (!response.ok) throw response.status;
		silentSeconds = 0;
		if (number !== latestPoll) return;
		inFlightUntil = 0;
		// The pause keeps empty responses from becoming a flood of requests.
		if (!sendPending()) setTimeout(() => number === latestPoll && polling && poll(''), text ? 0 : 300);
	} catch {
		// The line of an older poll may be lost too; joining again repeats it.
		if (polling) handleDisconnect();
	}
}

/** Reconnects after a delay that doubles each time, up to 15 s. */
function handleDisconnect() {
	if (!session) return;
	connected = false;
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
		if (own.sent || (any && polling)) continue;
		any = own.sent = true;
		inFlightUntil = Date.now() + 3000;
		send({ t: 'say', ref, body: own.body });
	}
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
