"""Words of the message log: `{{ message.purpose|purpose_label }}`, `{{ line.cost|amount }}`."""

from django import template

from classes import message_costs

register = template.Library()

register.filter("purpose_label", message_costs.purpose_label)


@register.filter
def amount(cost: message_costs.Cost) -> str:
    """An amount with its currency."""
    return message_costs.write(cost.amount, cost.unit)
