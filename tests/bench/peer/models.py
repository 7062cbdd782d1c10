"""The tables of the week page, in Django's words."""

from django.db import models


class Account(models.Model):
    name = models.TextField()

    class Meta:
        managed, db_table = False, "account"


class Gym(models.Model):
    name = models.TextField()
    email = models.TextField()
    phone = models.TextField()
    street = models.TextField()

    class Meta:
        managed, db_table = False, "gym"


class Lesson(models.Model):
    slug = models.TextField()
    name = models.TextField()
    description = models.TextField()
    minutes = models.IntegerField()
    price_cents = models.IntegerField()
    buffer_before_min = models.IntegerField()
    buffer_after_min = models.IntegerField()

    class Meta:
        managed, db_table = False, "lesson_type"


class Coach(models.Model):
    account = models.ForeignKey(Account, models.DO_NOTHING)
    slug = models.TextField()
    timezone = models.TextField()
    notice_min = models.IntegerField()
    horizon_days = models.IntegerField()
    slot_step_min = models.IntegerField()
    asks = models.TextField()
    asks_under_hours = models.IntegerField()
    expiry_before_min = models.IntegerField()
    lessons = models.ManyToManyField(Lesson, through="Taught")

    class Meta:
        managed, db_table = False, "coach"


class Taught(models.Model):
    pk = models.CompositePrimaryKey("coach_id", "lesson_type_id")
    coach = models.ForeignKey(Coach, models.DO_NOTHING)
    lesson_type = models.ForeignKey(Lesson, models.DO_NOTHING)

    class Meta:
        managed, db_table = False, "coach_lesson"


class Hours(models.Model):
    coach = models.ForeignKey(Coach, models.DO_NOTHING)
    weekday = models.IntegerField()
    start_min = models.IntegerField()
    end_min = models.IntegerField()

    class Meta:
        managed, db_table = False, "weekly_hours"


class Override(models.Model):
    coach = models.ForeignKey(Coach, models.DO_NOTHING)
    local_on = models.DateField()
    adds = models.BooleanField()
    start_min = models.IntegerField()
    end_min = models.IntegerField()

    class Meta:
        managed, db_table = False, "date_override"


class Booking(models.Model):
    status = models.TextField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        managed, db_table = False, "booking"


class Hold(models.Model):
    coach = models.ForeignKey(Coach, models.DO_NOTHING)
    booking = models.ForeignKey(Booking, models.DO_NOTHING)
    busy_from = models.DateTimeField()
    busy_to = models.DateTimeField()

    class Meta:
        managed, db_table = False, "hold"
