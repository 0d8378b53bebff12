using Coordination.Conformance;
using Coordination.DependencyInjection;
using Coordination.Hosting;
using Coordination.InMemory;
using Coordination.Tests.Conformance;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;

namespace Coordination.Tests.Hosting;

/// <summary>What a leader-elected service does in one Generic Host, on a fake clock. What several hosts do is in <see cref="LeaderElectedServiceSuite"/>.</summary>
[Collection(InMemoryFixture.Alone)]
public sealed class LeaderElectedHostTests : IDisposable
{
    private readonly FakeTime _time = new();
    private readonly FakeLogCollector _logs = new();
    private readonly TermJournal _journal = new();
    private readonly List<IHost> _hosts = [];
    private readonly InMemoryServer _server;

    public LeaderElectedHostTests() => _server = new InMemoryServer(_time.Provider);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _hosts.ForEach(static host => host.Dispose());

    [Fact]
    public async Task A_service_that_throws_stands_back_twice_as_long_each_time_up_to_the_maximum()
    {
        var host = Create(
            builder => builder.AddLeaderElectedService<RecordedService>("x", static options =>
            {
                options.MinBackoff = TimeSpan.FromSeconds(1);
                options.MaxBackoff = TimeSpan.FromSeconds(4);
            }),
            work: static (_, _) => throw new InvalidDataException("made by the test"));
        await host.StartAsync(Ct);

        // Terms begin at 0, 1, 3, 7 and 11 s.
        foreach (var (seconds, terms) in new[] { (0.0, 1), (0.9, 1), (0.2, 2), (1.8, 2), (0.2, 3), (3.8, 3), (0.2, 4), (3.8, 4), (0.2, 5) })
        {
            await _time.PassAsync(TimeSpan.FromSeconds(seconds));
            Assert.Equal(terms, _journal.Terms.Count);
        }

        Assert.Equal(5, Logged(1104).Count);
        Assert.All(Logged(1104), static record => Assert.IsType<InvalidDataException>(record.Exception));
        await host.StopAsync(Ct);
    }

    [Theory]
    [InlineData(BackgroundServiceExceptionBehavior.StopHost)]
    [InlineData(BackgroundServiceExceptionBehavior.Ignore)]
    public async Task With_FollowHost_the_host_decides_what_an_exception_means(BackgroundServiceExceptionBehavior behavior)
    {
        var host = Create(
            builder =>
            {
                builder.Services.Configure<HostOptions>(options => options.BackgroundServiceExceptionBehavior = behavior);
                builder.AddLeaderElectedService<RecordedService>("x", static options => options.ExceptionBehavior = LeaderElectedServiceExceptionBehavior.FollowHost);
            },
            work: static (_, _) => throw new InvalidDataException("made by the test"));
        await host.StartAsync(Ct);
        await _time.PassAsync(TimeSpan.FromMinutes(2));

        Assert.Single(_journal.Terms);
        Assert.Equal(
            behavior == BackgroundServiceExceptionBehavior.StopHost,
            host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
        Assert.Single(Logged(1105));

        // Either way it resigned.
        Assert.Null(await host.Services.GetRequiredKeyedService<ILeadershipStatus>("x").GetLeaderAsync(Ct));
    }

    [Fact]
    public async Task An_exception_of_a_background_service_is_treated_the_same()
    {
        var host = Create(
            static builder => builder.AddLeaderElectedBackgroundService<RecordedBackgroundService>("x"),
            work: static (_, _) => Task.FromException(new InvalidDataException("made by the test")));
        await host.StartAsync(Ct);
        await _time.PassAsync(TimeSpan.FromSeconds(1.5));

        Assert.Equal(2, _journal.Terms.Count);
        Assert.All(Logged(1104), static record => Assert.IsType<InvalidDataException>(record.Exception));
        Assert.Equal(2, Logged(1104).Count);
        await host.StopAsync(Ct);
    }

    [Fact]
    public async Task A_service_that_is_stopped_at_the_loss_and_cannot_stop_in_time_is_logged_and_has_no_second_term_beside_it()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var host = Create(static builder => builder.AddLeaderElectedService<RecordedService>("x"), work: (_, _) => release.Task);
        await host.StartAsync(Ct);
        await _time.SettleAsync();
        _server.ExpireSessions();
        await _time.PassAsync(TimeSpan.FromSeconds(2.9)); // the margin is a tenth of 30 s
        Assert.Empty(Logged(1107));
        Assert.False(host.Services.GetRequiredKeyedService<ILeadershipStatus>("x").IsLeader);
        await _time.PassAsync(TimeSpan.FromMinutes(1));
        Assert.Single(Logged(1107));
        Assert.Single(_journal.Terms);
        release.SetResult();
        await _time.UntilAsync(() => _journal.Terms.Count == 2, TimeSpan.FromSeconds(5), "the next term");
        _journal.AssertOneAtATime();
        Assert.Single(Logged(1102));
        await host.StopAsync(Ct);
    }

    [Fact]
    public async Task It_resigns_when_the_host_begins_to_stop_although_other_services_take_their_time()
    {
        var slow = new SlowToStop();
        var host = Create(
            builder =>
            {
                builder.AddLeaderElectedService<RecordedService>("x");
                builder.Services.AddSingleton<IHostedService>(slow); // stopped first, being the last
            });
        await host.StartAsync(Ct);
        await _time.SettleAsync();
        var stop = host.StopAsync(Ct);
        await _time.SettleAsync();

        Assert.False(stop.IsCompleted);
        Assert.Null(_journal.Working);
        Assert.Null(await host.Services.GetRequiredKeyedService<ILeadershipStatus>("x").GetLeaderAsync(Ct));
        Assert.Single(Logged(1101));
        slow.Stop.SetResult();
        await _time.WithinAsync(stop, TimeSpan.FromSeconds(1), "the stop");
    }

    [Fact]
    public async Task A_service_that_does_not_stop_within_the_hosts_time_is_logged_and_nobody_else_leads_while_the_host_is_there()
    {
        await using var other = new Coordinator(_server.CreateBackend(), timeProvider: _time.Provider);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var host = Create(static builder => builder.AddLeaderElectedBackgroundService<RecordedBackgroundService>("x"), work: (_, _) => release.Task);
        await host.StartAsync(Ct);
        await _time.SettleAsync();
        using var patience = new CancellationTokenSource();
        var stop = host.StopAsync(patience.Token);
        await _time.SettleAsync();
        Assert.False(stop.IsCompleted);
        Assert.Empty(Logged(1108));

        await patience.CancelAsync();
        await _time.UntilAsync(() => stop.IsCompleted, TimeSpan.FromSeconds(1), "the stop");
        Assert.Single(Logged(1108));
        Assert.Single((await other.InspectAsync("x", Ct)).Holders);
        release.SetResult();
        await _time.UntilAsync(async () => (await other.InspectAsync("x", Ct)).Holders.Count == 0, TimeSpan.FromSeconds(1), "the resignation");
    }

    [Fact]
    public async Task When_another_service_fails_the_start_the_work_has_ended_before_the_leadership_is_given_up()
    {
        await using var other = new Coordinator(_server.CreateBackend(), timeProvider: _time.Provider);
        var (working, release) = (new TaskCompletionSource(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var host = Create(
            builder =>
            {
                builder.AddLeaderElectedService<RecordedService>("x");
                builder.Services.AddSingleton<IHostedService>(new FailsToStart(working.Task));
            },
            work: async (_, token) =>
            {
                working.SetResult();
                await Task.Delay(Timeout.Infinite, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await release.Task;
            });
        await Assert.ThrowsAsync<InvalidDataException>(() => host.StartAsync(Ct));
        var disposal = ((IAsyncDisposable)host).DisposeAsync().AsTask();
        await _time.SettleAsync();

        Assert.False(disposal.IsCompleted);
        Assert.Single((await other.InspectAsync("x", Ct)).Holders);
        release.SetResult();
        await _time.WithinAsync(disposal, TimeSpan.FromSeconds(1), "the disposal");
        Assert.Null(_journal.Working);
        Assert.Empty((await other.InspectAsync("x", Ct)).Holders);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_background_service_whose_start_or_stop_throws_has_ended_before_it_resigns(bool isStart)
    {
        await using var other = new Coordinator(_server.CreateBackend(), timeProvider: _time.Provider);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var host = Create(
            builder => _ = isStart ? builder.AddLeaderElectedBackgroundService<ThrowsInStart>("x") : builder.AddLeaderElectedBackgroundService<ThrowsInStop>("x"),
            work: async (_, token) =>
            {
                await Task.Delay(Timeout.Infinite, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await release.Task;
            });
        await host.StartAsync(Ct);
        await _time.SettleAsync();
        var stop = isStart ? Task.CompletedTask : host.StopAsync(Ct);
        await _time.SettleAsync();

        Assert.Single((await other.InspectAsync("x", Ct)).Holders);
        release.SetResult();
        await _time.UntilAsync(async () => (await other.InspectAsync("x", Ct)).Holders.Count == 0, TimeSpan.FromSeconds(1), "the resignation");
        Assert.IsType<InvalidDataException>(Assert.Single(Logged(isStart ? 1104 : 1105)).Exception);
        await _time.WithinAsync(stop, TimeSpan.FromSeconds(1), "the stop");
        await host.StopAsync(Ct);
    }

    [Fact]
    public async Task A_background_service_with_a_life_cycle_has_it_each_term_in_a_hosts_order()
    {
        var calls = new List<string>();
        var host = Create(builder =>
        {
            builder.Services.AddSingleton(calls);
            builder.AddLeaderElectedBackgroundService<HasLifeCycle>("x");
        });
        await host.StartAsync(Ct);
        await _time.UntilAsync(() => calls.Count == 4, TimeSpan.FromSeconds(1), "the start");
        _server.ExpireSessions();
        await _time.UntilAsync(() => calls.Count == 11, TimeSpan.FromSeconds(5), "the second term");
        await host.StopAsync(Ct);

        string[] term = ["starting", "start", "execute", "started", "stopping", "stop", "stopped"];
        Assert.Equal([.. term, .. term], calls);
    }

    [Fact]
    public async Task A_background_service_is_stopped_though_what_comes_before_it_throws()
    {
        var calls = new List<string>();
        var host = Create(builder =>
        {
            builder.Services.AddSingleton(calls);
            builder.AddLeaderElectedBackgroundService<ThrowsInStopping>("x");
        });
        await host.StartAsync(Ct);
        await _time.UntilAsync(() => calls.Count == 4, TimeSpan.FromSeconds(1), "the start");
        await _time.WithinAsync(host.StopAsync(Ct), TimeSpan.FromSeconds(1), "the stop");

        Assert.Equal(["starting", "start", "execute", "started", "stopping", "stop", "stopped"], calls);
        Assert.IsType<InvalidDataException>(Assert.Single(Logged(1105)).Exception);
    }

    [Fact]
    public async Task A_logger_that_throws_when_a_term_begins_leaves_no_leadership_behind()
    {
        await using var other = new Coordinator(_server.CreateBackend(), timeProvider: _time.Provider);
        var host = Create(static builder =>
        {
            builder.Services.Configure<HostOptions>(static options => options.BackgroundServiceExceptionBehavior = BackgroundServiceExceptionBehavior.Ignore);
            builder.Services.AddLogging(static logging => logging.AddProvider(new Throws(1100)));
            builder.AddLeaderElectedService<RecordedService>("x");
        });
        await host.StartAsync(Ct);
        await _time.UntilAsync(() => Logged(1100).Count == 1, TimeSpan.FromSeconds(1), "a term");
        await _time.SettleAsync();

        Assert.False(host.Services.GetRequiredKeyedService<ILeadershipStatus>("x").IsLeader);
        Assert.Empty((await other.InspectAsync("x", Ct)).Holders);
        Assert.Empty(_journal.Terms);
        await host.StopAsync(Ct);
    }

    [Fact]
    public async Task A_host_that_stops_while_it_waits_to_be_elected_leaves_nothing_in_the_queue()
    {
        await using var other = new Coordinator(_server.CreateBackend(), timeProvider: _time.Provider);
        await using var leadership = await other.CreateLeaderElection("x").CampaignAsync(Ct);
        var host = Create(static builder => builder.AddLeaderElectedService<RecordedService>("x"));
        await host.StartAsync(Ct);
        await _time.UntilAsync(async () => (await other.InspectAsync("x", Ct)).Waiters.Count == 1, TimeSpan.FromSeconds(1), "a candidate");
        await _time.WithinAsync(host.StopAsync(Ct), TimeSpan.FromSeconds(1), "the stop");
        await _time.UntilAsync(async () => (await other.InspectAsync("x", Ct)).Waiters.Count == 0, TimeSpan.FromSeconds(1), "no candidate");
        Assert.Empty(_journal.Terms);
    }

    [Fact]
    public async Task An_outage_is_logged_and_waited_out()
    {
        _server.Freeze();
        var host = Create(static builder => builder.AddLeaderElectedService<RecordedService>("x"));
        await host.StartAsync(Ct);
        await _time.PassAsync(TimeSpan.FromMinutes(5));
        Assert.NotEmpty(Logged(1106));
        Assert.Empty(_journal.Terms);
        _server.Thaw();
        await _time.UntilAsync(() => _journal.Working is not null, TimeSpan.FromSeconds(11), "the first term, soon after a long outage");
        await host.StopAsync(Ct);
    }

    [Fact]
    public void A_name_that_is_used_twice_is_refused_at_the_call()
    {
        var builder = new ServiceCollection().AddCoordinator().UseInMemory().AddLeaderElectedService<RecordedService>("x");

        var exception = Assert.Throws<InvalidOperationException>(() => builder.AddLeaderElectedBackgroundService<RecordedBackgroundService>("x"));

        Assert.Contains("'x'", exception.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => builder.AddLeaderElectedService<RecordedService>(""));
    }

    [Fact]
    public async Task A_service_that_is_a_hosted_service_too_fails_the_start()
    {
        var host = Create(static builder =>
        {
            builder.AddLeaderElectedBackgroundService<RecordedBackgroundService>("x");
            builder.Services.AddScoped<TermScope>().AddHostedService<Everywhere>();
            builder.AddLeaderElectedBackgroundService<Everywhere>("y");
        });

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync(Ct));

        Assert.Contains("Remove AddHostedService<Everywhere>()", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(typeof(NeedsMissing), "Uri, which")]
    [InlineData(typeof(NeedsMissingKey), "TimeProvider with the key 'k', which")]
    [InlineData(typeof(PrefersMissing), "Uri, which")]
    [InlineData(typeof(HasNoConstructor), "no public constructor")]
    [InlineData(typeof(Runs), "abstract")]
    public async Task A_service_that_the_container_cannot_make_fails_the_start_of_a_process_that_is_not_elected_too(Type service, string reason)
    {
        await using var other = new Coordinator(_server.CreateBackend(), timeProvider: _time.Provider);
        await using var leadership = await other.CreateLeaderElection("x").CampaignAsync(Ct);
        var host = Create(builder => Add(builder, service));

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync(Ct));

        Assert.StartsWith("The leader-elected service 'x': ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(service.Name, exception.Message, StringComparison.Ordinal);
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.Empty((await other.InspectAsync("x", Ct)).Waiters);

        static ICoordinatorBuilder Add(ICoordinatorBuilder builder, Type service) => service.Name switch
        {
            nameof(NeedsMissing) => builder.AddLeaderElectedBackgroundService<NeedsMissing>("x"),
            nameof(NeedsMissingKey) => builder.AddLeaderElectedBackgroundService<NeedsMissingKey>("x"),
            nameof(PrefersMissing) => builder.AddLeaderElectedBackgroundService<PrefersMissing>("x"),
            nameof(HasNoConstructor) => builder.AddLeaderElectedService<HasNoConstructor>("x"),
            _ => builder.AddLeaderElectedBackgroundService<Runs>("x"),
        };
    }

    [Fact]
    public async Task A_service_is_not_made_at_the_start_and_each_way_to_make_one_is_known()
    {
        await using var other = new Coordinator(_server.CreateBackend(), timeProvider: _time.Provider);
        var leadership = await other.CreateLeaderElection("x").CampaignAsync(Ct);
        var made = new List<string>();
        var host = Create(builder =>
        {
            builder.Services.AddSingleton(made).AddKeyedSingleton("k", _time.Provider);
            builder.AddLeaderElectedBackgroundService<NeedsWhatIsThere>("x");
        });
        await host.StartAsync(Ct);
        await _time.SettleAsync();
        Assert.Empty(made);

        await leadership.DisposeAsync();
        await _time.UntilAsync(() => made.Count > 0, TimeSpan.FromSeconds(5), "a term");
        Assert.Equal(["longest"], made);
        await host.StopAsync(Ct);
    }

    [Theory]
    [InlineData("MinBackoff")]
    [InlineData("MaxBackoff")]
    [InlineData("AutoRenew")]
    [InlineData("Duration")]
    [InlineData("ExceptionBehavior")]
    [InlineData("Candidate")]
    public async Task An_option_out_of_range_fails_the_start_and_is_named_with_its_service(string option)
    {
        var host = Create(builder => builder.AddLeaderElectedService<RecordedService>("mine", options =>
        {
            _ = option switch
            {
                "MinBackoff" => options.MinBackoff = TimeSpan.Zero,
                "MaxBackoff" => options.MaxBackoff = TimeSpan.FromMilliseconds(1),
                "AutoRenew" => (object)(options.Lease = new LeaseOptions { AutoRenew = false }),
                "Duration" => options.Lease = new LeaseOptions { Duration = TimeSpan.FromDays(2) },
                "ExceptionBehavior" => options.ExceptionBehavior = (LeaderElectedServiceExceptionBehavior)7,
                _ => options.Candidate = new string('x', 40_000),
            };
        }));

        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Ct));

        Assert.Contains("'mine'", exception.Message, StringComparison.Ordinal);
        Assert.Contains(option, exception.Message, StringComparison.Ordinal);
    }

    private IHost Create(Action<ICoordinatorBuilder> configure, Func<ILeadership?, CancellationToken, Task>? work = null)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        var identity = new HostIdentity("h");
        identity.Work = work ?? identity.Work;
        builder.Services
            .AddSingleton(_time.Provider)
            .AddSingleton(_journal)
            .AddSingleton(identity)
            .AddScoped<TermScope>()
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(new FakeLoggerProvider(_logs)));
        configure(builder.Services.AddCoordinator().UseInMemory(_server));
        var host = builder.Build();
        _hosts.Add(host);
        return host;
    }

    private List<FakeLogRecord> Logged(int id) => [.. _logs.GetSnapshot().Where(record => record.Category == "Coordination.Hosting" && record.Id.Id == id)];

    private sealed class Everywhere : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.CompletedTask;
    }

    private sealed class NeedsMissing(HostIdentity host, Uri missing) : Runs(host)
    {
        public override string ToString() => missing.Host;
    }

    private sealed class NeedsMissingKey(HostIdentity host, [FromKeyedServices("k")] TimeProvider missing) : Runs(host)
    {
        public override string? ToString() => missing.ToString();
    }

    private sealed class PrefersMissing : Runs
    {
        [ActivatorUtilitiesConstructor]
        public PrefersMissing(HostIdentity host, Uri missing)
            : base(host) => ArgumentNullException.ThrowIfNull(missing);

        public PrefersMissing(HostIdentity host)
            : base(host)
        {
        }
    }

    private sealed class HasNoConstructor : ILeaderElectedService
    {
        private HasNoConstructor()
        {
        }

        public Task ExecuteAsync(ILeadership leadership, CancellationToken stoppingToken) => Task.CompletedTask;
    }

    private sealed class NeedsWhatIsThere : Runs
    {
        public NeedsWhatIsThere(HostIdentity host, Uri missing)
            : base(host) => ArgumentNullException.ThrowIfNull(missing);

        public NeedsWhatIsThere(
            HostIdentity host,
            List<string> made,
            TermScope scoped,
            IEnumerable<IHostedService> several,
            IServiceProvider provider,
            ILogger<NeedsWhatIsThere> log,
            [FromKeyedServices("k")] TimeProvider keyed,
            Uri? optional = null)
            : base(host)
        {
            object?[] all = [scoped, several, provider, log, keyed];
            made.Add(optional is null && !all.Contains(null) ? "longest" : "something else");
        }
    }

    private abstract class Runs(HostIdentity host) : BackgroundService
    {
        protected TaskCompletionSource Began { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override Task ExecuteAsync(CancellationToken stoppingToken)
        {
            Began.SetResult();
            return host.Work(null, stoppingToken);
        }
    }

    private sealed class ThrowsInStart(HostIdentity host) : Runs(host)
    {
        public override async Task StartAsync(CancellationToken cancellationToken)
        {
            await base.StartAsync(cancellationToken);
            await Began.Task;
            throw new InvalidDataException("made by the test");
        }
    }

    private sealed class ThrowsInStop(HostIdentity host) : Runs(host)
    {
        public override Task StopAsync(CancellationToken cancellationToken) => throw new InvalidDataException("made by the test");
    }

    private class HasLifeCycle(List<string> calls) : BackgroundService, IHostedLifecycleService
    {
        public Task StartingAsync(CancellationToken cancellationToken) => Did("starting");

        public override async Task StartAsync(CancellationToken cancellationToken)
        {
            await Did("start");
            await base.StartAsync(cancellationToken);
            await Began.Task;
        }

        public Task StartedAsync(CancellationToken cancellationToken) => Did("started");

        public virtual Task StoppingAsync(CancellationToken cancellationToken) => Did("stopping");

        public override async Task StopAsync(CancellationToken cancellationToken)
        {
            await Did("stop");
            await base.StopAsync(cancellationToken);
        }

        public Task StoppedAsync(CancellationToken cancellationToken) => Did("stopped");

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Did("execute");
            Began.SetResult();
            await Task.Delay(Timeout.Infinite, stoppingToken);
        }

        private TaskCompletionSource Began { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private Task Did(string call)
        {
            calls.Add(call);
            return Task.CompletedTask;
        }
    }

    private sealed class ThrowsInStopping(List<string> calls) : HasLifeCycle(calls)
    {
        public override async Task StoppingAsync(CancellationToken cancellationToken)
        {
            await base.StoppingAsync(cancellationToken);
            throw new InvalidDataException("made by the test");
        }
    }

    private sealed class Throws(int id) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == id)
            {
                throw new InvalidDataException("made by the test");
            }
        }

        public void Dispose()
        {
        }
    }

    private sealed class FailsToStart(Task when) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            await when.WaitAsync(cancellationToken);
            throw new InvalidDataException("made by the test");
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class SlowToStop : IHostedService
    {
        public TaskCompletionSource Stop { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Stop.Task;
    }
}
