using Coordination.Backends;
using static Coordination.Conformance.SessionUnderTest;

namespace Coordination.Conformance;

/// <summary>Every name is a resource of its own, whatever keys or paths the backend makes of it.</summary>
[Trait("Contract", "Names")]
[Trait("Guarantee", "G11")]
public abstract class NameContractSuite(BackendFixture fixture) : ContractSuite(fixture)
{
    [Case]
    public async Task Names_that_look_alike_are_different_resources()
    {
        var session = await OpenAsync(Duration * 20);
        var prefix = NewName()[^20..];
        foreach (var bare in new[] { false, true })
        {
            // All held at once: a collision would make one of them wait.
            var names = TestNames.Distinct.Select(name => bare ? name + prefix : prefix + name).ToArray();
            foreach (var name in names)
            {
                var result = await session.ClaimAsync(Exclusive(name) with { Value = name });
                Assert.True(result.Outcome == ClaimOutcome.Granted, $"'{name}': {result.Outcome}");
            }

            foreach (var name in names)
            {
                var snapshot = await session.Backend.InspectAsync(name, holdersOnly: false, Cancellation);
                Assert.Equal(name, Assert.Single(snapshot.Holders).Value);
            }
        }
    }

    [CaseTable]
    [InlineData(11)]
    [InlineData(12)]
    public async Task Any_unicode_is_a_name(int seed)
    {
        var session = await OpenAsync(Duration * 20);
        var random = new Random(seed);
        var suffix = NewName()[^12..];
        for (var round = 0; round < 100; round++)
        {
            var name = TestNames.Fuzzed(random) + suffix + round;
            var claim = Exclusive(name) with { Value = name };
            var result = await session.ClaimAsync(claim);
            Assert.True(result.Outcome == ClaimOutcome.Granted, $"seed {seed}, round {round}: {result.Outcome}");
            var next = Exclusive(name);
            await session.WaitingAsync(next);
            var snapshot = await session.Backend.InspectAsync(name, holdersOnly: false, Cancellation);
            Assert.Equal(name, Assert.Single(snapshot.Holders).Value);
            Assert.DoesNotContain((await session.RenewAsync(claim, next)).Exceptions, renewal => renewal.Outcome != ClaimRenewalOutcome.Granted);
            Assert.True(await session.ReleaseAsync(claim));
            await GrantedAsync(session, next, Soon, name);
            Assert.True(await session.ReleaseAsync(next));
        }
    }

    [Case]
    public async Task The_longest_names_are_kept_apart_to_the_last_character()
    {
        var session = await OpenAsync(Duration * 20);
        var name = TestNames.Longest(NewName());
        await session.GrantedAtOnceAsync(Exclusive(name));
        await session.GrantedAtOnceAsync(Exclusive(name[..^1]));
        await session.GrantedAtOnceAsync(Exclusive(name[..^1] + "y"));
        await session.WaitingAsync(Exclusive(name));
    }
}
