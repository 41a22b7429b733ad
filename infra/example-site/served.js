const answer = await fetch(location.href, { method: 'HEAD', cache: 'no-store' });
document.getElementById('served').textContent =
  `revision ${answer.headers.get('skerry-revision')} · ${answer.headers.get('cache-status')}`;
