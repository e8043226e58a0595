"""Mail that was put aside becomes a delivery among the others, and its table goes."""

from django.db import migrations

MOVE = """
INSERT INTO interactions_delivery
    (public_id, inbox_id, kind, url, headers, body, digest, state, attempts, error, received_at, settled_at)
SELECT public_id, inbox_id, 'mail', '', '{}', raw, encode(sha256('\\x6d61696c00'::bytea || raw), 'hex'),
    CASE WHEN settled_at IS NULL THEN 'quarantined' ELSE 'put_away' END, attempts, error, received_at, settled_at
FROM interactions_unreadablemail
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("interactions", "0007_audit_of_flows")]

    operations = [
        migrations.RunSQL(MOVE, migrations.RunSQL.noop),
        migrations.DeleteModel(name="UnreadableMail"),
    ]
