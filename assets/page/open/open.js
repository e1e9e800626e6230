// What only an open room has: its first line, messages in clear, and who is typing.

// The number of what the host says; no participant has it.
const HOST_NUMBER = 0;
// The server's bound is the smaller one.
const MAX_TEXT_BYTES = Infinity;
const ROSTER_END = [];
const openGate = showForm;

const firstLine = () => {
	const { name, resume, lastSeq, joinSeq } = session;
	return JSON.stringify({ t: 'join', name: cleanText(name), ticket, ...(resume && { resume, after: lastSeq || joinSeq }) });
};

const inOrder = (task) => task();

function handleLine(line) {
	try {
		const event = session && JSON.parse(line);
		if (event && isNew(event)) handleEvent(event);
	} catch {
		addUnreadable();
	}
}

/** What is sent of an own message. */
const wireBody = (own) => own.body;
const discardWireBody = () => {};
const waitingText = () => '';

function setPublicAddress(address = location.protocol === 'https:' && location.origin) {
	publicAddress = address || '';
}

/** Over https only the tunnel's provider is between; over plain http, everything on the way. */
function readersText() {
	const others = publicAddress ? ', Cloudflare' : isLoopback() ? '' : ', the network';
	return `Can read along: host's computer${others}`;
}

let typingSentAt = 0;

function announceTyping() {
	if (!messageBox.value || Date.now() - typingSentAt < 2000) return;
	typingSentAt = Date.now();
	send({ t: 'typing' });
}

handlers.typing = ({ n }) => typingUntil.set(n, Date.now() + 4000);
handlers.moved = ({ url }) => showNewLink(url);
