// What only an open room has: its first line, messages in clear, and who is typing.

// The number of what the host says; no participant has it.
const HOST_NUMBER = 0;
// The server's bound is the smaller one.
const MAX_TEXT_BYTES = Infinity;
const ROSTER_END = [];

/** Shows the form, unless the browser lacks what is called later. */
function openGate(paragraph) {
	if (window.fetch && window.AbortController && window.Blob && document.body.replaceChildren) showForm(paragraph);
}

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

const { welcome: showWelcome } = handlers;
handlers.welcome = (event) => {
	if (!joined) isInvite = event.invite;
	showWelcome(event);
};

let typingSentAt = 0;

function announceTyping() {
	if (!messageBox.value || Date.now() - typingSentAt < 2000) return;
	typingSentAt = Date.now();
	send({ t: 'typing' });
}

/** Up to three participants who are typing. */
function renderTyping() {
	for (const [n, until] of typingUntil) if (until < Date.now()) typingUntil.delete(n);
	const names = [...typingUntil.keys()].slice(0, 3);
	typing.replaceChildren(...names.flatMap((n) => [participantName(n), ' is typing… ']));
}

for (const end of ['said', 'left']) {
	const show = handlers[end];
	handlers[end] = (event) => {
		typingUntil.delete(event.n);
		show(event);
	};
}
handlers.typing = ({ n }) => typingUntil.set(n, Date.now() + 4000);
handlers.announced = (event) => handlers.said({ ...event, n: HOST_NUMBER });
handlers.moved = ({ url }) => showNewLink(url);
