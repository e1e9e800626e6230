// The message box.

const inputProps = { id: 'message', rows: 1, enterKeyHint: 'send', 'aria-label': 'Message', ...privateInput };
const messageInput = el('textarea', { ...inputProps, oninput: onMessageInput, onkeydown: onMessageKey });
const byteCounter = el('p', {});

const byteLength = (text) => new Blob([text]).size;

function onMessageInput() {
	const size = byteLength(messageInput.value);
	byteCounter.textContent = size > messageBytes * 0.8 ? `${size} of ${messageBytes} bytes` : '';
	if (!size || Date.now() - typingSentAt < 2000) return;
	typingSentAt = Date.now();
	send({ t: 'typing' });
}

function onMessageKey(event) {
	// An Enter that ends a composition belongs to the input method.
	if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) submitMessage(event);
}

function submitMessage(event) {
	event.preventDefault();
	const body = messageInput.value.trimEnd();
	if (!body) return;
	notice = '';
	if (byteLength(body) > messageBytes) notice = 'Too long: ' + byteCounter.textContent;
	else if (pending.size >= MAX_PENDING) notice = 'Earlier messages are still being sent; try again in a moment';
	else {
		messageInput.value = restored = byteCounter.textContent = '';
		const line = messageLine(session.n, 0, body);
		pending.set(String((lastRef += 1)), { body, line, sent: false });
		addLine(line);
		scrollToEnd();
		sendPending();
	}
	renderStatus();
	messageInput.focus();
}

/** Puts a refused message before the current draft, and after messages that were refused earlier. */
function restoreDraft(body) {
	const earlier = messageInput.value.startsWith(restored) ? restored : '';
	const draft = messageInput.value.slice(earlier.length);
	restored = earlier + body + '\n';
	messageInput.value = restored + draft;
}
