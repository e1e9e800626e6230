// Who can read along, and the link for others while one is alone.

// The address that works from elsewhere, if there is one.
let publicAddress = '';
// Whether this page came by an invite: its link lets in only so many people, and may be used up.
let isInvite = false;

const roomLink = () => (publicAddress || location.origin) + LINK_PATH + ticket;

const readers = el('p.readers dim', {});
const inviteText = el('p', {});
const inviteLink = el('input', { readOnly: true, 'aria-label': 'Link to this room', onfocus: selectField, ...privateInput });
const forOthers = el('div', {}, inviteLink, copyButton(inviteLink, 'Copy link'));
const invite = el('section.invite', { 'aria-label': 'Nobody else is here yet', hidden: true }, inviteText, forOthers);
if (navigator.share) {
	const share = () => navigator.share({ url: inviteLink.value }).catch(() => {});
	forOthers.append(' ', el('button', { onclick: share }, 'Share link'));
}

const isLoopback = () => /^(localhost|127\.[\d.]+|\[::1])$/.test(location.hostname);

/** Shows what depends on the public link and on who is here. */
function renderInvite() {
	readers.textContent = readersText();
	inviteLink.value = roomLink();
	const reach = publicAddress || !isLoopback() ? '' : ', but only on this computer';
	inviteText.textContent = 'Nobody else is here yet. ' + (isInvite ? 'You came by an invite; ask the host for one.' : `This link lets others in${reach}${rules.locked ? ', when the host has unlocked it' : ''}:`);
	const isHidden = present.size > 1;
	if (isHidden) keepFocus(invite, messageBox);
	invite.hidden = isHidden;
	forOthers.hidden = isInvite;
}

/** Takes what the host wrote of a new link: an address without a ticket, a ticket without an address, or both. */
function showNewLink(reference) {
	[publicAddress] = /^https?:\/\/[^/?#]+/.exec(reference) || [publicAddress];
	const newTicket = usableTicket(reference);
	if (newTicket) {
		ticket = newTicket;
		isInvite = false;
	}
	keepForReload();
	renderInvite();
	addLine(el('p.line', {}, 'The room has a new link: ', ...linkify(roomLink())));
}

function selectField(event) {
	event.target.select();
}

/** A button that copies the text of a field. */
function copyButton(field, label) {
	const button = el('button', { type: 'button', 'aria-live': 'polite', onclick: copy }, label);
	async function copy() {
		try {
			// Only over https and on this computer.
			await navigator.clipboard.writeText(field.value);
			button.textContent = 'Copied';
		} catch {
			field.select();
			button.textContent = document.execCommand('copy') ? 'Copied' : 'Selected: copy it with Ctrl+C';
		}
		setTimeout(() => (button.textContent = label), 3000);
	}
	return button;
}
