// The form in front of the room.

const nameInput = el('input', { id: 'name', maxLength: 80, 'aria-describedby': 'refusal', ...privateInput });
const nameLabel = el('label', { htmlFor: 'name' }, `Your name (up to ${maxName} characters)`);
const linkInput = el('input', { id: 'link', 'aria-describedby': 'refusal', ...privateInput });
const linkLabel = el('label', { htmlFor: 'link' }, 'Link or ticket');
const refusal = el('p', { id: 'refusal', role: 'alert' });
const joinButton = el('button', {}, 'Join');
document.querySelector('main').append(
	el('form', { onsubmit: submitJoin }, nameLabel, nameInput, linkLabel, linkInput, refusal, joinButton),
);
linkLabel.hidden = linkInput.hidden = !!ticket;
nameInput.focus();

function submitJoin(event) {
	event.preventDefault();
	if (session) return;
	if (!linkInput.hidden) ticket = findTicket(linkInput.value);
	if (!ticket) return showRefusal({ text: 'This is not a link to a room. Paste the whole link.', why: 'bad_ticket' });
	session = { name: nameInput.value, lastSeq: 0 };
	refusal.textContent = '';
	joinButton.textContent = 'Joining…';
	socketFailures = backoff = 0;
	connect();
}

/** Shows why the join was refused, keeps the input, and focuses the field that needs a change. */
function showRefusal({ text, why, suggest }) {
	session = null;
	polling = false;
	closeSocket();
	joinButton.textContent = 'Join';
	refusal.textContent = text;
	if (suggest) nameInput.value = suggest;
	const badLink = why === 'bad_ticket';
	if (badLink) linkLabel.hidden = linkInput.hidden = false;
	(badLink ? linkInput : nameInput).select();
}
