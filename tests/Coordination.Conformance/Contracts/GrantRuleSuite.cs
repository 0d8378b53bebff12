using System.Globalization;
using Coordination.Backends;
using static Coordination.Conformance.SessionUnderTest;

namespace Coordination.Conformance;

/// <summary>Rule 1 (rules.md): which claims of a queue are granted, and that all of them are.</summary>
[Trait("Contract", "Rule 1")]
[Trait("Guarantee", "G1")]
[Trait("Guarantee", "G6")]
public abstract class GrantRuleSuite(BackendFixture fixture) : ContractSuite(fixture)
{
    // X: exclusive, S: shared, 1…9: counted of that limit. Behind the slash, how many at the front are granted.
    public static TheoryData<string, int> Queues => new()
    {
        { "X", 1 },
        { "XX", 1 },
        { "XS", 1 },
        { "X3", 1 },
        { "SSS", 3 },
        { "SSX", 2 },
        { "SXS", 1 },
        { "S2", 1 },
        { "333", 3 },
        { "3333", 3 },
        { "31", 1 }, // one is ahead of the second, and 1 is not fewer than 1
        { "13", 1 }, // by its own limit alone the second would be granted: the first said that it wants to be alone
        { "323", 2 },
        { "332", 2 },
        { "3313", 2 },
        { "2X2", 1 },
        { "2S", 1 },
        { "22S2", 2 },
    };

    [CaseTable]
    [MemberData(nameof(Queues))]
    public async Task A_queue_is_granted_by_the_rule(string queue, int granted)
    {
        var session = await OpenAsync();
        var name = NewName();
        var claims = queue.Select(kind => Of(kind, name)).ToArray();
        for (var index = 0; index < claims.Length; index++)
        {
            if (!session.Backend.Description.AllowsMixedClaims && IsOfAnotherKind(queue[index], queue[0]))
            {
                // Where kinds cannot be mixed, a claim of another is refused with an error while any lives, and nothing is left of it.
                var refusal = await Assert.ThrowsAsync<CoordinationException>(() => session.ClaimAsync(claims[index]).AsTask());
                Assert.False(refusal.IsTransient);
                Assert.Contains(name, refusal.Message, StringComparison.Ordinal);
                Assert.Equal(index, (await QueueAsync(session, name)) is var (held, waits) ? held.Length + waits.Length : 0);
                return;
            }

            var result = await session.ClaimAsync(claims[index]);
            Assert.Equal(index < granted ? ClaimOutcome.Granted : ClaimOutcome.Waiting, result.Outcome);
        }

        var (holders, waiters) = await QueueAsync(session, name);
        Assert.Equal(claims.Take(granted).Select(claim => claim.Key.Id), holders);
        Assert.Equal(claims.Skip(granted).Select(claim => claim.Key.Id), waiters);
    }

    [Case]
    public async Task A_counted_claim_of_a_smaller_limit_waits_until_it_is_alone_enough()
    {
        var session = await OpenAsync();
        var name = NewName();
        var first = Counted(name, 3);
        var second = Counted(name, 3);
        var single = Counted(name, 1);
        var behind = Counted(name, 3);
        await session.GrantedAtOnceAsync(first);
        await session.GrantedAtOnceAsync(second);
        await session.WaitingAsync(single);
        await session.WaitingAsync(behind);

        await session.ReleaseAsync(first);
        Assert.Equal(ClaimOutcome.Waiting, (await session.AskAsync(single)).Outcome);
        await session.ReleaseAsync(second);
        await GrantedAsync(session, single, Soon);
        Assert.Equal(ClaimOutcome.Waiting, (await session.AskAsync(behind)).Outcome);
        await session.ReleaseAsync(single);
        await GrantedAsync(session, behind, Soon);
    }

    [Case]
    public async Task A_waiter_that_leaves_grants_those_that_it_held_up()
    {
        var readers = await OpenAsync();
        var writer = await OpenAsync();
        var name = NewName();
        var write = Exclusive(name);
        var behind = new[] { Shared(name), Shared(name) };
        await readers.GrantedAtOnceAsync(Shared(name));
        await writer.WaitingAsync(write);
        await readers.WaitingAsync(behind[0]);
        await readers.WaitingAsync(behind[1]);

        await writer.ReleaseAsync(write);
        await GrantedAsync(readers, behind[0], Soon);
        await GrantedAsync(readers, behind[1], Soon);
    }

    [Case]
    public async Task A_permit_given_back_by_any_holder_goes_to_the_first_waiter()
    {
        var session = await OpenAsync();
        var name = NewName();
        var claims = Enumerable.Range(0, 6).Select(_ => Counted(name, 3)).ToArray();
        foreach (var claim in claims.Take(3))
        {
            await session.GrantedAtOnceAsync(claim);
        }

        foreach (var claim in claims.Skip(3))
        {
            await session.WaitingAsync(claim);
        }

        // Not in the order of the grants: a waiter that looks only at the third ahead of it would miss the first two.
        await session.ReleaseAsync(claims[1]);
        await GrantedAsync(session, claims[3], Soon);
        await session.ReleaseAsync(claims[0]);
        await GrantedAsync(session, claims[4], Soon);
        await session.ReleaseAsync(claims[4]);
        await GrantedAsync(session, claims[5], Soon);
        Assert.Equal([claims[2].Key.Id, claims[3].Key.Id, claims[5].Key.Id], (await QueueAsync(session, name)).Holders);
    }

    [CaseTable]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Any_sequence_of_claims_and_releases_does_what_the_model_does(int seed)
    {
        // The model is the queue as a list and GrantRule; the backend must agree after every step.
        var random = new Random(seed);
        var sessions = new[] { await OpenAsync(), await OpenAsync(), await OpenAsync() };
        var name = NewName();
        var model = new List<(SessionUnderTest Session, ClaimRequest Claim)>();
        var last = 0L;
        var tokens = new Dictionary<string, FencingToken>();
        for (var step = 0; step < 60; step++)
        {
            if (model.Count == 0 || random.Next(100) < 55)
            {
                var kind = "XSSS2233"[random.Next(8)];
                var session = sessions[random.Next(sessions.Length)];
                var claim = Of(kind, name);
                model.Add((session, claim));
                var result = await session.ClaimAsync(claim);
                Assert.Equal(
                    GrantedOf(model) == model.Count ? ClaimOutcome.Granted : ClaimOutcome.Waiting,
                    result.Outcome);
            }
            else
            {
                var index = random.Next(model.Count);
                var (session, claim) = model[index];
                model.RemoveAt(index);
                Assert.True(await session.ReleaseAsync(claim), $"step {step}");
            }

            foreach (var session in sessions)
            {
                await EventuallyAsync(() => session.RenewAsync([.. model.Where(entry => entry.Session == session).Select(entry => entry.Claim)]));
            }

            var granted = GrantedOf(model);
            var snapshot = await InspectAsync(sessions[0], name);
            Assert.Equal(model.Take(granted).Select(entry => entry.Claim.Key.Id), snapshot.Holders.Select(claim => claim.Id));
            Assert.Equal(model.Skip(granted).Select(entry => entry.Claim.Key.Id), snapshot.Waiters.Select(claim => claim.Id));
            foreach (var holder in snapshot.Holders)
            {
                // A token is given once, and grows from grant to grant.
                if (tokens.TryAdd(holder.Id, holder.FencingToken!.Value))
                {
                    Assert.True(holder.FencingToken.Value.Value > last, $"step {step}: {holder.FencingToken} after {last}");
                    last = holder.FencingToken.Value.Value;
                }

                Assert.Equal(tokens[holder.Id], holder.FencingToken);
            }
        }
    }

    // A lock's modes are one kind; of semaphores each limit is one.
    private static bool IsOfAnotherKind(char one, char other) => (char.IsDigit(one) || char.IsDigit(other)) && one != other;

    private static int GrantedOf(List<(SessionUnderTest Session, ClaimRequest Claim)> queue)
    {
        var rule = new GrantRule();
        return queue.TakeWhile(entry => rule.TryGrant(entry.Claim.Mode, entry.Claim.Limit)).Count();
    }

    private static ClaimRequest Of(char kind, string name) => kind switch
    {
        'X' => Exclusive(name),
        'S' => Shared(name),
        _ => Counted(name, int.Parse(kind.ToString(), CultureInfo.InvariantCulture)),
    };
}
