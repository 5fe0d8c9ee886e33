"""What the planner is measured against: a greedy plan, and two rolling stages of two vehicle-routing
programs.

First visits come early in the shift; then second visits, each stop open again from its own first visit plus
the separation, each team going on from where and when it stands, the village that came first kept away.
Nothing moves a first visit once the second stage has begun. Orders only come from the routing programs;
their times are settled exactly (`draft`), and the plans go through the same checker as ours.
"""
