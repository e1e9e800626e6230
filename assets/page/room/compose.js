// The message box.

const messageBox = el('textarea', {
	id: 'message',
	rows: 1,
	dir: 'auto',
	enterKeyHint: 'send',
	'aria-label': 'Message',
	'aria-describedby': 'rules',
	oninput: onMessageInput,
	onkeydown: onMessageKey,
	...privateInput,
});
const sendButton = el('button', {}, 'Send');
const sizeText = el('p', {});

/** The draft without what the server drops: empty lines around it, and spaces at its end. */
const draftText = () => cleanText(messageBox.value).replace(/^\n+/, '').trimEnd();

/** Shows how long the draft is when it comes close to a limit; returns whether it is over one. */
function checkSize() {
	const text = draftText();
	const [bytes, lines] = [new Blob([text]).size, text.split('\n').length];
	const sizes = [near(bytes, messageBytes, 'bytes'), near(lines, messageLines, 'lines'), ...sendLimits()];
	sizeText.textContent = sizes.filter(Boolean).join(', ');
	// For browsers that do not fit the box to its text (field-sizing).
	messageBox.rows = Math.min(6, messageBox.value.split('\n').length);
	return bytes > messageBytes || lines > messageLines;
}

function onMessageInput() {
	checkSize();
	renderStatus();
	announceTyping();
}

function onMessageKey(event) {
	if (event.key !== 'Enter' || event.shiftKey || isComposing(event)) return;
	event.preventDefault();
	// A key that is held down does not send again what was refused and put back.
	if (!event.repeat) submitMessage(event);
}

const arePendingFull = () => pending.size >= MAX_PENDING;

function submitMessage(event) {
	event.preventDefault();
	const body = draftText();
	if (!body || isMuted()) return;
	notice = '';
	if (checkSize()) notify('Too long: ' + sizeText.textContent, checkSize);
	else if (isSlowed()) notify('Slow mode', isSlowed);
	else if (arePendingFull()) notify(`${MAX_PENDING} messages are still being sent; try again in a moment`, arePendingFull);
	else {
		const line = messageLine(session.n, 0, body);
		pending.set(String((lastRef += 1)), { body, line, sentAt: 0 });
		messageBox.value = restored = '';
		useAllowance();
		checkSize();
		addUnsent(line);
		sendPending();
	}
	renderStatus();
	messageBox.focus();
}

/** Whether what restoreDraft() put into the message box is still there. */
const isGivenBack = () => messageBox.value.startsWith(restored);

/** Puts a refused message before the current draft, and after messages that were refused earlier. */
function restoreDraft(body) {
	const earlier = messageBox.value.startsWith(restored) ? restored : '';
	const draft = messageBox.value.slice(earlier.length);
	restored = earlier + body + '\n';
	messageBox.value = restored + draft;
	checkSize();
}
