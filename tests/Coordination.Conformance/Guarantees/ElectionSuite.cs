using System.Collections.Concurrent;

namespace Coordination.Conformance;

/// <summary>What an election adds to a lock: a value that everybody sees, and observation.</summary>
[Trait("Guarantee", "G1")]
[Trait("Guarantee", "G7")]
public abstract class ElectionSuite(BackendFixture fixture) : GuaranteeSuite(fixture)
{
    [Case]
    public async Task The_leader_is_seen_with_its_value_and_token()
    {
        var leader = await ClientAsync();
        var observer = await ClientAsync();
        var name = NewName();
        var seen = observer.Coordinator.CreateLeaderElection(name);
        Assert.Null(await AtOnceAsync(seen.GetLeaderAsync()));
        var leadership = await AtOnceAsync(leader.Coordinator.CreateLeaderElection(name).CampaignAsync("here"));
        Assert.Equal(new Leader("here", leadership.FencingToken), await AtOnceAsync(seen.GetLeaderAsync()));
        await AtOnceAsync(leadership.ProclaimAsync("there"));
        Assert.Equal(new Leader("there", leadership.FencingToken), await AtOnceAsync(seen.GetLeaderAsync()));
        await AtOnceAsync(leadership.ReleaseAsync());
        Assert.Null(await AtOnceAsync(seen.GetLeaderAsync()));
    }

    [Case]
    public async Task A_candidate_that_names_no_value_is_seen_by_its_holder_name()
    {
        var client = await ClientAsync();
        var election = client.Coordinator.CreateLeaderElection(NewName());
        Assert.Equal("c1", election.Candidate);
        await using var leadership = await AtOnceAsync(election.CampaignAsync());
        Assert.Equal("c1", (await AtOnceAsync(election.GetLeaderAsync()))!.Value);
        var other = client.Coordinator.CreateLeaderElection(NewName(), new() { Holder = "named" });
        Assert.Equal("named", other.Candidate);
    }

    [Case]
    public async Task Candidates_that_wait_are_not_leaders()
    {
        var clients = await ClientsAsync(2);
        var name = NewName();
        await using var leadership = await AtOnceAsync(clients[0].Coordinator.CreateLeaderElection(name).CampaignAsync("first"));
        _ = await QueueUpAsync(clients[1], Primitive.Election, name, clients[0]);
        Assert.Equal("first", (await AtOnceAsync(clients[1].Coordinator.CreateLeaderElection(name).GetLeaderAsync()))!.Value);
    }

    [Case]
    public async Task The_next_leads_when_the_leader_resigns()
    {
        var clients = await ClientsAsync(2);
        var name = NewName();
        var first = await AtOnceAsync(clients[0].Coordinator.CreateLeaderElection(name).CampaignAsync("first"));
        var pending = clients[1].Coordinator.CreateLeaderElection(name).CampaignAsync("second").AsTask();
        await WaitersAsync(clients[0], name, 1);
        await AtOnceAsync(first.DisposeAsync());
        var second = await AtOnceAsync(pending);
        Assert.True(second.FencingToken > first.FencingToken);
        Assert.Equal(
            new Leader("second", second.FencingToken), await AtOnceAsync(clients[0].Coordinator.CreateLeaderElection(name).GetLeaderAsync()));
    }

    [Case]
    public async Task A_proclamation_after_the_loss_is_refused()
    {
        var clients = await ClientsAsync(2);
        var name = NewName();
        var leadership = await AtOnceAsync(clients[0].Coordinator.CreateLeaderElection(name).CampaignAsync("first"));
        var pending = await QueueUpAsync(clients[1], Primitive.Election, name, clients[1]);
        clients[0].Connection.Cut();
        await Time.WithinAsync(pending, Takeover + Soon, "the next leader");
        clients[0].Connection.Restore();
        await Assert.ThrowsAsync<LeaseLostException>(() => Time.WithinAsync(leadership.ProclaimAsync("stale").AsTask(), Bound, "the refusal"));
        Assert.Equal("c2", (await AtOnceAsync(clients[1].Coordinator.CreateLeaderElection(name).GetLeaderAsync()))!.Value);
    }

    [Case]
    public async Task An_observer_sees_the_present_and_every_last_change()
    {
        var leader = await ClientAsync();
        var observer = await ClientAsync();
        var name = NewName();
        await using var view = Observe(observer, name);
        await SeesAsync(view, null);
        var election = leader.Coordinator.CreateLeaderElection(name);
        var leadership = await AtOnceAsync(election.CampaignAsync("one"));
        await SeesAsync(view, "one");
        await AtOnceAsync(leadership.ProclaimAsync("two"));
        await SeesAsync(view, "two");
        await AtOnceAsync(leadership.ReleaseAsync());
        await SeesAsync(view, null);
        await using var again = await AtOnceAsync(election.CampaignAsync("three"));
        await SeesAsync(view, "three");
        await using var late = Observe(observer, name);
        await SeesAsync(late, "three");
        Assert.Null(view.Failure);
    }

    [Case]
    public async Task An_observer_sees_the_last_of_many_quick_changes()
    {
        var leader = await ClientAsync();
        var observer = await ClientAsync();
        var name = NewName();
        await using var view = Observe(observer, name);
        await using var leadership = await AtOnceAsync(leader.Coordinator.CreateLeaderElection(name).CampaignAsync("0"));
        for (var change = 1; change <= 30; change++)
        {
            await AtOnceAsync(leadership.ProclaimAsync($"{change}"));
        }

        await SeesAsync(view, "30");
        var values = view.Seen.OfType<Leader>().Select(seen => int.Parse(seen.Value, System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(values.Order(), values);
    }

    [Case]
    public async Task An_observer_sees_that_the_leader_died()
    {
        var leader = await ClientAsync();
        var observer = await ClientAsync();
        var name = NewName();
        await using var view = Observe(observer, name);
        await AtOnceAsync(leader.Coordinator.CreateLeaderElection(name).CampaignAsync("mortal"));
        await SeesAsync(view, "mortal");
        leader.Vanish();
        await Time.UntilAsync(() => view.Last is null, Takeover + (Duration / 3), "nobody leads");
    }

    [Case]
    public async Task An_observer_waits_out_an_outage()
    {
        var leader = await ClientAsync();
        var observer = await ClientAsync();
        var name = NewName();
        await using var view = Observe(observer, name);
        await using var leadership = await AtOnceAsync(leader.Coordinator.CreateLeaderElection(name).CampaignAsync("before"));
        await SeesAsync(view, "before");
        observer.Connection.Cut();
        await AtOnceAsync(leadership.ProclaimAsync("during"));
        await Time.PassAsync(Duration);
        await observer.Connection.BreakAsync();
        observer.Connection.Restore();
        await Time.UntilAsync(() => view.Last?.Value == "during", Bound + TimeSpan.FromSeconds(15), "the change of the outage");
        await AtOnceAsync(leadership.ProclaimAsync("after"));
        await Time.UntilAsync(() => view.Last?.Value == "after", Bound + TimeSpan.FromSeconds(15), "a change after the outage");
        Assert.Null(view.Failure);
    }

    [Case]
    public async Task An_observation_ends_with_its_token_or_with_the_coordinator()
    {
        var client = await ClientAsync();
        var name = NewName();
        var cancelled = Observe(client, name);
        var disposed = Observe(client, name);
        await SeesAsync(cancelled, null);
        await SeesAsync(disposed, null);
        await cancelled.DisposeAsync();
        Assert.IsAssignableFrom<OperationCanceledException>(cancelled.Failure);
        await AtOnceAsync(client.Coordinator.DisposeAsync());
        await Time.UntilAsync(() => disposed.Failure is not null, Soon, "the end of the observation");
        Assert.IsType<ObjectDisposedException>(disposed.Failure);
    }

    private static View Observe(Client client, string name) => new(client.Coordinator.CreateLeaderElection(name));

    private Task SeesAsync(View view, string? value) =>
        Time.UntilAsync(() => view.Seen.Count > 0 && view.Last?.Value == value, Soon, $"'{value ?? "nobody"}' is seen");

    /// <summary>An observer that keeps what it saw.</summary>
    private sealed class View : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _observing;
        private Leader? _last;

        public View(ILeaderElection election) => _observing = ObserveAsync(election);

        public ConcurrentQueue<Leader?> Seen { get; } = new();

        public Leader? Last => Volatile.Read(ref _last);

        public Exception? Failure { get; private set; }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _observing;
        }

        private async Task ObserveAsync(ILeaderElection election)
        {
            try
            {
                await foreach (var leader in election.ObserveAsync(_stop.Token))
                {
                    Volatile.Write(ref _last, leader);
                    Seen.Enqueue(leader);
                }
            }
            catch (Exception exception)
            {
                Failure = exception;
            }
        }
    }
}
