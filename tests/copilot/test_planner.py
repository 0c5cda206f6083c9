"""Without a model: forty questions with known answers, and "I do not know" to all else."""

import pytest

from tests.copilot.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

# Question, the tool that knows, and what the answer has to say.
KNOWN = (
    ("What is our readiness score?", "readiness_breakdown", "Readiness 50 of 100"),
    ("Are we ready for investors?", "readiness_breakdown", "Improving"),
    ("What hurts our funding-readiness?", "readiness_breakdown", "What hurts"),
    ("Which tier are we in and what is the score?", "readiness_breakdown", "of 100"),
    ("What do you recommend we improve?", "top_recommendations", "recommendation"),
    ("Show the top recommendations", "top_recommendations", "No recommendation is pending"),
    ("How could we raise our score for funding?", "top_recommendations|readiness_breakdown", ""),
    ("How much revenue did we make this month?", "metric_summary", "revenue"),
    ("What is our chargeback ratio?", "metric_summary", "chargebacks"),
    ("Give me the financial metrics", "metric_summary", "volatility"),
    ("Are payouts on time?", "metric_summary", "payouts on time"),
    ("Which currency does this business use?", "business_context", "INR"),
    ("What time zone is our business in?", "business_context", "Asia/Kolkata"),
    ("Summarise {ref}", "incidence_summary", "Payment failed at checkout"),
    ("What is going on in {ref}?", "incidence_summary", "Asha Verma"),
    ("tl;dr of {ref} please", "incidence_summary", "ORD-7"),
    ("What is the status of {ref}?", "incidence_summary", "open"),
    ("How likely is Asha Verma to leave?", "customer_risk", "Asha Verma"),
    ("Is u-1 at risk of churn?", "customer_risk", "risk **0 of 100**"),
    ("Why might Ravi Kulkarni churn?", "customer_risk", "Ravi Kulkarni"),
    ("Which offers fit Asha Verma?", "fitting_offers", "no subscription"),
    ("Can I offer a discount to u-9?", "fitting_offers", "Ravi Kulkarni"),
    ("Draft a reply for {ref}", "draft_reply", "Hello Asha"),
    ("What should I say to the customer in {ref}?", "draft_reply", "payment"),
    ("Find similar cases to {ref}", "similar_cases", "Card payment failed twice"),
    ("Have we seen cases like a card payment that failed?", "similar_cases", "retry with UPI"),
    ("Why is {ref} here?", "explain_rule", "Why **{ref}**"),
    ("Why was {ref} routed like this?", "explain_rule", "CHAT"),
    ("Explain the routing rules", "explain_rule", "version"),
    ("What do the escalation rules say?", "explain_rule", "Escalation"),
    ("How does the friction rule work?", "explain_rule", "riction"),
    ("How many cases are open?", "queue_counts", "**1** open"),
    ("How busy is the queue?", "queue_counts", "without an owner"),
    ("What are the KPIs of the desk?", "desk_figures", ""),
    ("How long do refunds to cards take?", "search_knowledge", "five to seven working days"),
    ("Do we deliver outside Pune?", "search_knowledge", "40 rupees a kilometre"),
    ("What does a customer get when a delivery is late?", "search_knowledge", "voucher"),
    ("Are vegan platters cooked in separate pans?", "search_knowledge", "separate pans"),
    ("How long are gift cards valid?", "search_knowledge", "twelve months"),
    ("Add a note to {ref}: called her, will pay by UPI", "add_note", "Add a note to {ref}"),
)
UNKNOWN = (
    "What is the weather in Paris tomorrow?",
    "Who won the world cup in 1998?",
    "Tell me a joke",
    "What is the capital of Mongolia?",
    "Write a poem about the sea",
    "How do I train a dog?",
    "Is it going to rain on Sunday?",
    "asdf qwer zxcv",
)


async def test_forty_questions_have_their_answers_and_others_are_not_known(world: World) -> None:
    wrong = []
    for question, tool, words in KNOWN:
        heard = await world.ask(question.format(ref=world.ref))
        fits = bool(heard.tools) and heard.tools[-1] in tool.split("|")
        if not fits or words.format(ref=world.ref).lower() not in heard.text.lower():
            wrong.append((question, heard.tools, heard.text[:160]))
    assert len(KNOWN) == 40
    assert len(wrong) <= 4, wrong
    told = [(question, (heard := await world.ask(question)).tools, heard.text[:120]) for question in UNKNOWN]
    assert [one for one in told if one[1] or "I do not know" not in one[2]] == []


async def test_what_is_on_screen_is_what_this_case_means(world: World) -> None:
    heard = await world.ask("Sum this up", incidenceId=world.incidence_id)
    assert heard.tools == ["incidence_summary"]
    assert "Payment failed at checkout" in heard.text
    assert heard.text.startswith("*Answered without a model.*")
    risk = await world.ask("Will this customer leave?", incidenceId=world.incidence_id)
    assert (risk.tools, "Asha Verma" in risk.text) == (["customer_risk"], True)
    beside = await world.ask("What does this do?", playbookId="Quiet for two weeks")
    assert (beside.tools, "Quiet for two weeks" in beside.text) == (["explain_playbook"], True)
    named = await world.ask("Explain the playbook Payment failed", playbookId="Quiet for two weeks")
    assert "look at your card" in named.text
    assert "High risk, high value" in (await world.ask("Which playbooks are there?")).text
    rules = await world.ask("Explain these rules", ruleSet="escalation")
    assert (rules.tools, "Escalation" in rules.text) == (["explain_rule"], True)
    asked = await world.ask("Summarise the case")
    assert asked.tools == []
    assert "Which case?" in asked.text
