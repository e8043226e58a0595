"""The audit log writes itself: one trigger function, attached to tables by `kernel_audit_attach`, and nothing may rewrite it."""

from django.db import migrations

CREATE = """
-- Writes one row into the audit log. Arguments: the kind of object, columns to hide, columns that do not count.
-- Who acts stands in ccx.acting (JSON, for this transaction only; see ccx/kernel/audit/context.py).
CREATE FUNCTION kernel_audit_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    hidden text[] := string_to_array(TG_ARGV[1], ',');
    ignored text[] := string_to_array(TG_ARGV[2], ',');
    acting jsonb := COALESCE(NULLIF(current_setting('ccx.acting', true), ''), '{}')::jsonb;
    was jsonb;
    becomes jsonb;
    row_id bigint;
    secret text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        was := to_jsonb(OLD) - ignored;
        row_id := (was ->> 'id')::bigint;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        becomes := to_jsonb(NEW) - ignored;
        row_id := (becomes ->> 'id')::bigint;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(past.key, past.value), jsonb_object_agg(past.key, becomes -> past.key)
        INTO was, becomes
        FROM jsonb_each(was) AS past
        WHERE past.value IS DISTINCT FROM becomes -> past.key;
        IF was IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    FOREACH secret IN ARRAY hidden LOOP
        IF was ? secret THEN
            was := was || jsonb_build_object(secret, '(hidden)');
        END IF;
        IF becomes ? secret THEN
            becomes := becomes || jsonb_build_object(secret, '(hidden)');
        END IF;
    END LOOP;
    INSERT INTO kernel_auditentry
        (at, actor_id, door, api_key_id, request_id, address, action, object_kind, object_id, before, after)
    VALUES (
        clock_timestamp(),
        (acting ->> 'by')::bigint,
        COALESCE(acting ->> 'door', 'database'),
        (acting ->> 'key')::bigint,
        COALESCE(acting ->> 'request', ''),
        (acting ->> 'address')::inet,
        CASE TG_OP WHEN 'INSERT' THEN 'created' WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END,
        TG_ARGV[0],
        row_id,
        was,
        becomes
    );
    RETURN NULL;
END $$;

-- Attaches the audit to a table. With skip_bulk, rows created while ccx.bulk is 'on' leave no entry of their own.
CREATE FUNCTION kernel_audit_attach(
    target regclass, kind text, hidden text DEFAULT '', ignored text DEFAULT '', skip_bulk boolean DEFAULT false
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER audit_created AFTER INSERT ON %s FOR EACH ROW %s EXECUTE FUNCTION kernel_audit_row(%L, %L, %L)',
        target,
        CASE WHEN skip_bulk THEN 'WHEN (current_setting(''ccx.bulk'', true) IS DISTINCT FROM ''on'')' ELSE '' END,
        kind, hidden, ignored
    );
    EXECUTE format(
        'CREATE TRIGGER audit_changed AFTER UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION kernel_audit_row(%L, %L, %L)',
        target, kind, hidden, ignored
    );
END $$;

CREATE FUNCTION kernel_audit_detach(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP TRIGGER audit_created ON %s', target);
    EXECUTE format('DROP TRIGGER audit_changed ON %s', target);
END $$;

-- The log itself only grows. Two narrow ways around: an erasure may blank what was said of a person (ccx.forgetting),
-- and a test database may be emptied (ccx.audit_may_be_emptied, set by settings/test.py alone).
CREATE FUNCTION kernel_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('ccx.forgetting', true) = 'on' THEN
        IF NEW.before IS NULL AND NEW.after IS NULL
            AND to_jsonb(NEW) - '{before,after}'::text[] = to_jsonb(OLD) - '{before,after}'::text[] THEN
            RETURN NEW;
        END IF;
    END IF;
    IF TG_OP = 'TRUNCATE' AND current_setting('ccx.audit_may_be_emptied', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'The audit log only grows: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON kernel_auditentry
    FOR EACH ROW EXECUTE FUNCTION kernel_audit_refuse();
CREATE TRIGGER audit_is_never_emptied BEFORE TRUNCATE ON kernel_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION kernel_audit_refuse();

SELECT kernel_audit_attach('kernel_team', 'team');
SELECT kernel_audit_attach('kernel_user', 'user', 'password', 'last_login');
SELECT kernel_audit_attach('kernel_grant', 'grant');
SELECT kernel_audit_attach('kernel_invite', 'invite', 'secret_hash');
SELECT kernel_audit_attach('kernel_apikey', 'api_key', 'secret_hash', 'last_used_at');
"""

DROP = """
SELECT kernel_audit_detach('kernel_team');
SELECT kernel_audit_detach('kernel_user');
SELECT kernel_audit_detach('kernel_grant');
SELECT kernel_audit_detach('kernel_invite');
SELECT kernel_audit_detach('kernel_apikey');
DROP TRIGGER audit_is_append_only ON kernel_auditentry;
DROP TRIGGER audit_is_never_emptied ON kernel_auditentry;
DROP FUNCTION kernel_audit_refuse();
DROP FUNCTION kernel_audit_detach(regclass);
DROP FUNCTION kernel_audit_attach(regclass, text, text, text, boolean);
DROP FUNCTION kernel_audit_row();
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0002_event_log")]

    operations = [migrations.RunSQL(CREATE, DROP)]
