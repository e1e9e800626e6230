// Leaving the room, and losing it.

const leaveButton = el('button.quiet', { onclick: askToLeave }, 'Leave');
// Whether a second press leaves.
let isAskedToLeave = within(0);

/** Leaves at the second press within five seconds. A double click is one press. */
function askToLeave(event) {
	if (event.detail > 1) return;
	if (isAskedToLeave()) return leave();
	isAskedToLeave = within(5);
	notify('Press Leave again to go', isAskedToLeave);
	renderStatus();
}

function renderLeaveButton() {
	const text = isAskedToLeave() ? 'Leave now?' : 'Leave';
	if (leaveButton.textContent !== text) leaveButton.textContent = text;
}

/** `isUnloading` if the page goes: Firefox has closed the socket by then. */
function sendLeave(isUnloading) {
	const line = '{"t":"leave"}';
	if (connected && !polling) socket.send(line);
	if (session && (isUnloading || (connected && polling))) post('/poll', line, { headers: authorization(), keepalive: true }).catch(() => {});
}

function leave() {
	sendLeave();
	endSession('Nothing is left on this page. Open the link again to come back.', 'You have left');
}

/**
 * Clears the page after two minutes without contact, except for what is the person's own: the draft with the
 * messages that were not accepted, the link and the name. They stay until the person decides.
 */
function loseContact() {
	for (const ref of pending.keys()) giveBack(ref);
	const [draft, name, link] = [messageBox.value.trimEnd(), session.name, ticket];
	clearPage('No contact', 'There was no contact for two minutes. The room may have ended, or only the connection.', NEW_LINK_HINT + '.', 'Messages and names were cleared.');
	document.title = 'no contact';
	messageBox.value = draft;
	const main = document.querySelector('main');
	if (draft) {
		const field = el('textarea', { id: 'draft', readOnly: true, rows: 4, value: draft, ...privateInput });
		main.append(el('label', { htmlFor: 'draft' }, 'Your unsent text'), field, el('p', {}, copyButton(field, 'Copy text')));
	}
	const tryAgain = () => {
		ticket = link;
		nameInput.value = name;
		showGate();
		joinButton.click();
	};
	const clear = () => endSession('Nothing is left on this page. Open the link again to come back.', 'This page was cleared');
	main.append(el('p', {}, el('button', { onclick: tryAgain }, 'Try again'), ' ', el('button.quiet', { onclick: clear }, 'Clear this page')));
}
