"""Calendars, and the public holidays that they follow."""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE duty_calendar (
    id BIGSERIAL CONSTRAINT pk_duty_calendar PRIMARY KEY,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    name_en TEXT,
    weekdays SMALLINT[] NOT NULL
        CONSTRAINT ck_duty_calendar_weekdays CHECK (weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7]::smallint[]),
    terms JSONB NOT NULL,
    left_out DATE[] NOT NULL,
    single DATE[] NOT NULL,
    follows_holidays BOOLEAN NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    author TEXT NOT NULL,
    valid TSTZRANGE NOT NULL,
    CONSTRAINT ck_duty_calendar_ever CHECK (cardinality(weekdays) > 0 OR cardinality(single) > 0),
    CONSTRAINT ck_duty_calendar_valid_half_open
        CHECK (NOT isempty(valid) AND lower_inc(valid) AND NOT upper_inc(valid)),
    CONSTRAINT ex_duty_calendar_code_valid EXCLUDE USING gist (code WITH =, valid WITH &&)
);
CREATE TABLE public_holiday (
    on_date DATE CONSTRAINT pk_public_holiday PRIMARY KEY,
    is_off BOOLEAN NOT NULL,
    name TEXT NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    author TEXT NOT NULL
);
ALTER TABLE duty_calendar ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON duty_calendar TO lianfang_app USING ((SELECT scope_is_some()));
ALTER TABLE public_holiday ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON public_holiday TO lianfang_app USING ((SELECT scope_is_some()));
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(TABLES)


def downgrade() -> None:
    """Downwards."""
    op.execute("DROP TABLE public_holiday")
    op.execute("DROP TABLE duty_calendar")
