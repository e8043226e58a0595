from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    # New rows are held to it at once; those that are there are looked through without stopping anybody.
    atomic = False

    dependencies = [
        ('interactions', '0010_last_contact_of_a_line'),
    ]

    operations = [
        AddConstraintNotValid(
            model_name='interaction',
            constraint=models.CheckConstraint(
                condition=Q(first_answered_at__isnull=True) | Q(first_answered_at__gte=F('started_at')),
                name='interaction_is_not_answered_before_it_starts',
            ),
        ),
        migrations.RunSQL(
            'UPDATE interactions_interaction SET first_answered_at = NULL WHERE first_answered_at < started_at',
            migrations.RunSQL.noop,
        ),
        ValidateConstraint(model_name='interaction', name='interaction_is_not_answered_before_it_starts'),
    ]
