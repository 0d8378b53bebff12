using Coordination.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Coordination.Conformance;

/// <summary>Leader-elected hosted services in several Generic Hosts: one works at a time, and the next takes over when it stops, throws or is cut off.</summary>
[Trait("Guarantee", "G1")]
[Trait("Guarantee", "G3")]
public abstract class LeaderElectedServiceSuite(BackendFixture fixture) : WorkerSuite(fixture)
{
    private readonly TermJournal _journal = new();

    [Case]
    public async Task One_host_of_three_works_and_the_next_takes_over_when_it_stops()
    {
        var name = NewName();
        var hosts = await HostsAsync(3, name, builder => builder.AddLeaderElectedService<RecordedService>(name));
        foreach (var host in hosts)
        {
            await WorksAsync(host);
            await Time.WithinAsync(host.StopAsync(), Soon, "the stop of a host");
            Assert.NotEqual(host.Name, _journal.Working);
        }

        Assert.Equal(hosts.Select(host => host.Name), _journal.Terms.Select(term => term.Who));
        _journal.AssertOneAtATime();
        await EmptyAsync(await ClientAsync(), name, Soon);
    }

    [Case]
    public async Task A_host_that_is_cut_off_stops_before_the_next_works_and_works_again_when_it_is_its_turn()
    {
        var name = NewName();
        var hosts = await HostsAsync(2, name, builder => builder.AddLeaderElectedService<RecordedService>(name), duration: Duration);
        await WorksAsync(hosts[0]);
        hosts[0].Connection.Cut();
        await WorksAsync(hosts[1], Takeover + Soon);
        hosts[0].Connection.Restore();
        await hosts[0].Connection.BreakAsync();
        await WaitersAsync(await ClientAsync(), name, 1, Bound + Takeover);
        await Time.WithinAsync(hosts[1].StopAsync(), Soon, "the stop of a host");
        await WorksAsync(hosts[0]);
        _journal.AssertOneAtATime();
    }

    [Case]
    public async Task A_leadership_that_is_removed_by_force_stops_the_service_and_each_term_has_an_instance_and_a_scope_of_its_own()
    {
        var name = NewName();
        var host = (await HostsAsync(1, name, builder => builder.AddLeaderElectedBackgroundService<RecordedBackgroundService>(name)))[0];
        await WorksAsync(host);
        Assert.Equal((1, 1), (host.Identity.Scopes, host.Identity.OpenScopes));
        var observer = await ClientAsync();
        var claim = Assert.Single((await observer.InspectAsync(name)).Holders);
        await Server.DeleteClaimAsync(new(name, claim.Id));
        await Time.UntilAsync(() => _journal.Terms.Count == 2 && _journal.Working == host.Name, (Lasting() / 3) + Bound + Takeover, "a second term");
        Assert.Equal((2, 1), (host.Identity.Scopes, host.Identity.OpenScopes));
        await Time.WithinAsync(host.StopAsync(), Soon, "the stop of the host");
        Assert.Equal((2, 0), (host.Identity.Scopes, host.Identity.OpenScopes));
        _journal.AssertOneAtATime();
    }

    [Case]
    public async Task A_background_service_that_knows_nothing_of_elections_works_in_one_host_and_moves_when_it_stops()
    {
        var name = NewName();
        var hosts = await HostsAsync(2, name, builder => builder.AddLeaderElectedBackgroundService<RecordedBackgroundService>(name));
        await WorksAsync(hosts[0]);
        await Time.WithinAsync(hosts[0].StopAsync(), Soon, "the stop of a host");
        await WorksAsync(hosts[1]);
        _journal.AssertOneAtATime();
    }

    [Case]
    public async Task A_service_that_returns_resigns_and_is_not_run_again()
    {
        var name = NewName();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var hosts = await HostsAsync(
            2, name, builder => builder.AddLeaderElectedService<RecordedService>(name), host => host.Identity.Work = host.Name == "h1" ? (_, _) => done.Task : host.Identity.Work);
        await WorksAsync(hosts[0]);
        done.SetResult();
        await WorksAsync(hosts[1]);
        await Time.WithinAsync(hosts[1].StopAsync(), Soon, "the stop of a host");
        await EmptyAsync(await ClientAsync(), name, Soon);
        Assert.Equal(["h1", "h2"], _journal.Terms.Select(term => term.Who));
        _journal.AssertOneAtATime();
    }

    [Case]
    public async Task A_service_that_throws_resigns_and_stands_for_election_again()
    {
        var name = NewName();
        var fail = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var hosts = await HostsAsync(
            2,
            name,
            builder => builder.AddLeaderElectedService<RecordedService>(name, options => options.MinBackoff = TimeSpan.FromMilliseconds(50)),
            host => host.Identity.Work = host.Name == "h1" ? (_, token) => _journal.Terms.Count > 1 ? Task.Delay(Timeout.Infinite, token) : fail.Task : host.Identity.Work);
        await WorksAsync(hosts[0]);
        fail.SetException(new InvalidDataException("made by the test"));
        await WorksAsync(hosts[1]);
        await WaitersAsync(await ClientAsync(), name, 1, Soon);
        await Time.WithinAsync(hosts[1].StopAsync(), Soon, "the stop of a host");
        await WorksAsync(hosts[0]);
        _journal.AssertOneAtATime();
    }

    [Case]
    public async Task The_rest_of_the_application_sees_who_leads()
    {
        var name = NewName();
        var hosts = await HostsAsync(
            2, name, builder => builder.AddLeaderElectedService<RecordedService>(name, options => options.Candidate = $"address of {Environment.ProcessId}"));
        await WorksAsync(hosts[0]);
        Assert.True(hosts[0].Status.IsLeader);
        Assert.Equal(_journal.Terms[0].Token, hosts[0].Status.FencingToken);
        Assert.False(hosts[1].Status.IsLeader);
        Assert.Null(hosts[1].Status.FencingToken);
        Assert.Equal(name, hosts[1].Services.GetRequiredKeyedService<ILeadershipStatus>(name).Name);
        var leader = await AtOnceAsync(hosts[1].Status.GetLeaderAsync(Cancellation));
        Assert.Equal(new Leader($"address of {Environment.ProcessId}", _journal.Terms[0].Token), leader);
        await Time.WithinAsync(hosts[0].StopAsync(), Soon, "the stop of a host");
        Assert.False(hosts[0].Status.IsLeader);
        await WorksAsync(hosts[1]);
        Assert.True(hosts[1].Status.IsLeader);
    }

    [Case]
    public async Task A_process_that_is_killed_while_it_works_is_succeeded_within_its_duration_and_one_that_stops_at_once()
    {
        var workers = await WorkersAsync(3);
        var observer = await ClientAsync();
        var name = NewName();
        await workers[0].SendAsync($"serve {name}");
        var first = await EventAsync(workers[0], "working", Patience);
        for (var waiters = 1; waiters < workers.Length; waiters++)
        {
            await workers[waiters].SendAsync($"serve {name}");
            await WaitersAsync(observer, name, waiters, Patience);
        }

        await workers[0].KillAsync();
        var second = await EventAsync(workers[1], "working", Takeover);
        Assert.True(Number(second[2]) > Number(first[2]));

        await workers[1].SendAsync($"stop {name}");
        var idle = await EventAsync(workers[1], "idle", Patience);
        var third = await EventAsync(workers[2], "working", Patience);
        Assert.True(Number(third[2]) > Number(second[2]));
        Assert.True(Number(third[3]) >= Number(idle[2]), "the next worked before the last had stopped");
        await EventAsync(workers[1], "stopped", Patience);
    }

    /// <summary>Starts hosts one after the other, so that it is known in which order they stand for election.</summary>
    private async Task<HostUnderTest[]> HostsAsync(
        int count, string name, Action<Coordination.DependencyInjection.ICoordinatorBuilder> configure, Action<HostUnderTest>? prepare = null, TimeSpan? duration = null)
    {
        var observer = await ClientAsync();
        var hosts = new HostUnderTest[count];
        for (var index = 0; index < count; index++)
        {
            var client = await ClientAsync(duration ?? Lasting());
            hosts[index] = CleanUp(new HostUnderTest(
                _journal, $"h{index + 1}", Server, client, services => configure(services.AddCoordinator().UseInMemory())));
            prepare?.Invoke(hosts[index]);
            await Time.WithinAsync(hosts[index].StartAsync(), Soon, "the start of a host");
            await (index == 0 ? WorksAsync(hosts[0]) : WaitersAsync(observer, name, index, Soon));
        }

        return hosts;
    }

    private Task WaitersAsync(Client observer, string name, int count, TimeSpan within) =>
        Time.UntilAsync(
            async () => (await observer.Coordinator.InspectAsync(name, Cancellation)).Waiters.Count == count, within, $"{count} waiters");

    private Task WorksAsync(HostUnderTest host, TimeSpan? within = null) =>
        Time.UntilAsync(() => _journal.Working == host.Name, within ?? Soon, $"{host.Name} works");
}
