// The form in front of the room.

const fieldProps = { 'aria-describedby': 'refusal', onkeydown: onFieldKey, ...privateInput };
const nameInput = el('input', { id: 'name', maxLength: 80, ...fieldProps });
const nameLabel = el('label', { htmlFor: 'name' }, `Your name (up to ${maxName} characters)`);
const linkInput = el('input', { id: 'link', ...fieldProps });
const linkLabel = el('label', { htmlFor: 'link' }, 'Link or ticket');
const refusal = el('p', { id: 'refusal', role: 'alert' });
const joinButton = el('button', {}, 'Join');
const cancelButton = el('button.quiet', { type: 'button', hidden: true, onclick: stopWaiting }, 'Cancel');
linkLabel.hidden = linkInput.hidden = !!ticket;
nameInput.value = keptName;
// What stands around the script, which is shown again when contact was lost.
const gate = [...document.querySelectorAll('header, main')];

// Everything else has run when this is reached. A browser in which it does not, keeps the paragraph that says so,
// and is shown no form.
openGate(document.querySelector('#unsupported'));

/** Shows the form in place of the paragraph, or why there is none. */
function showForm(paragraph) {
	const fields = [nameLabel, nameInput, linkLabel, linkInput, refusal, joinButton, cancelButton];
	paragraph.replaceWith(el('form', { onsubmit: submitJoin }, ...fields));
	refusal.textContent = linkProblem(ownAddress, ticket);
	nameInput.select();
	nameInput.focus();
}

function showGate() {
	document.title = 'chattrace';
	document.body.replaceChildren(...gate);
}

/** The form is also sent by an Enter in a field. */
function onFieldKey(event) {
	if (event.key === 'Enter' && isComposing(event)) event.preventDefault();
}

function submitJoin(event) {
	event.preventDefault();
	if (session) return;
	if (!linkInput.hidden) ticket = usableTicket(linkInput.value);
	const text = linkProblem(linkInput.value, ticket) || 'This is no link to a room. Paste the whole link.';
	if (!ticket) return showRefusal({ text, why: 'bad_ticket' });
	session = { name: nameInput.value, lastSeq: 0 };
	refusal.textContent = '';
	joinButton.textContent = 'Joining…';
	failures = backoff = 0;
	connect();
}

/** The host was asked. By polling, the answer has the token with which to go on. */
function showWaiting({ text, resume }) {
	// By polling, it is said again and again; a screen reader says it once.
	if (session.isWaiting) return;
	Object.assign(session, { resume, isWaiting: true });
	refusal.className = 'dim';
	refusal.textContent = text;
	// Longer than the host has to answer: a connection can be lost without a sign.
	clearTimeout(retryTimer);
	retryTimer = setTimeout(reconnect, 330000);
	joinButton.textContent = 'Waiting…';
	cancelButton.hidden = false;
}

function stopWaiting() {
	sendLeave(polling);
	showRefusal({ text: '' });
}

/** Shows why the join was refused, keeps the input, and focuses the field that needs a change. */
function showRefusal({ text, why, suggest }) {
	session = null;
	polling = false;
	closeSocket();
	joinButton.textContent = 'Join';
	keepFocus(cancelButton, nameInput);
	cancelButton.hidden = true;
	clearTimeout(retryTimer);
	refusal.className = '';
	refusal.textContent = text;
	if (suggest) nameInput.value = suggest;
	const badLink = why === 'bad_ticket';
	if (badLink) linkLabel.hidden = linkInput.hidden = false;
	(badLink ? linkInput : nameInput).select();
	// In a low window it is below the field.
	refusal.scrollIntoView({ block: 'nearest' });
}
