using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Coordination.Hosting;

/// <summary>Stands for election as long as the host runs, and runs the work while this process leads. A loop: two terms never overlap.</summary>
internal sealed class LeaderElectedHost(
    IServiceProvider services,
    LeaderElectedWork work,
    LeadershipStatus status,
    LeaderElectedServiceOptions options,
    TimeSpan safetyMargin,
    TimeProvider time,
    HostingLog log) : BackgroundService, IAsyncDisposable
{
    // What a host gives its services to stop unless told otherwise.
    private static readonly TimeSpan DisposalLimit = TimeSpan.FromSeconds(30);

    // A backend that was away is asked again soon: while nobody asks, nobody leads.
    private static readonly TimeSpan MaxOutageBackoff = TimeSpan.FromSeconds(10);

    private readonly string _service = work.ServiceType.Name;
    private readonly CancellationTokenSource _shutdown = new();
    private bool _isStopped;

    private string Election => status.Name;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (services.GetServices<IHostedService>().Any(hosted => hosted.GetType() == work.ServiceType))
        {
            throw new InvalidOperationException(
                $"{_service} is registered with AddHostedService too: it would run in every process, leader or not. Remove AddHostedService<{_service}>(); "
                + $"AddLeaderElectedBackgroundService<{_service}>(\"{Election}\") starts it when this process is elected.");
        }

        // Otherwise it would be found out by the process that is elected, maybe days later, and by each in turn.
        if (work.FailureToMake(services) is { } failure)
        {
            throw new InvalidOperationException($"The leader-elected service '{Election}': {failure}");
        }

        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _shutdown);
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        if (ExecuteTask is { IsCompleted: false })
        {
            log.ShutdownOverdue(_service, Election);
        }

        _isStopped = true;
    }

    /// <summary>
    /// Where the host did not stop it, as after another service failed the start, the work is told to stop and waited for: the coordinator is disposed after this, and frees the
    /// leadership whether the work has ended or not.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        base.Dispose();
        if (!_isStopped && ExecuteTask is { IsCompleted: false } work)
        {
            await work.WaitAsync(DisposalLimit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!work.IsCompleted)
            {
                log.ShutdownOverdue(_service, Election);
                await _shutdown.CancelAsync().ConfigureAwait(false);
            }
        }

        _shutdown.Dispose();
    }

    public override void Dispose()
    {
        base.Dispose();
        _shutdown.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // When the host begins to stop, not when it comes to this service: a web server that drains its requests first would keep the successor waiting.
        var stopping = services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, stopping);
        var failures = 0;
        while (!either.IsCancellationRequested)
        {
            if (await CampaignAsync(failures, either.Token).ConfigureAwait(false) is not { } leadership)
            {
                failures++;
                continue;
            }

            var start = time.GetTimestamp();
            var (outcome, exception) = await RunTermAsync(leadership, either.Token).ConfigureAwait(false);
            if (outcome is Outcome.Stopped or Outcome.Completed)
            {
                return;
            }

            failures = time.GetElapsedTime(start) > options.MaxBackoff ? 0 : failures;
            if (outcome == Outcome.Failed)
            {
                if (options.ExceptionBehavior == LeaderElectedServiceExceptionBehavior.FollowHost)
                {
                    log.ServiceFailedForGood(exception!, _service, Election, leadership.FencingToken);
                    ExceptionDispatchInfo.Throw(exception!);
                }

                failures++;
                var backoff = Backoff(failures);
                log.ServiceFailed(exception!, _service, Election, leadership.FencingToken, backoff);
                await BackOffAsync(backoff, either.Token).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits to be elected.</summary>
    /// <returns>The leadership, or null when the campaign failed or the host stops.</returns>
    private async Task<ILeadership?> CampaignAsync(int failures, CancellationToken stopping)
    {
        try
        {
            return await status.Election.CampaignAsync(options.Candidate ?? status.Election.Candidate, stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return null;
        }
        catch (CoordinationException exception)
            when (exception.IsTransient || options.ExceptionBehavior == LeaderElectedServiceExceptionBehavior.CampaignAgain)
        {
            var backoff = Backoff(failures + 1);
            backoff = exception.IsTransient && backoff > MaxOutageBackoff ? MaxOutageBackoff : backoff;
            log.CampaignFailed(exception, _service, Election, backoff);
            await BackOffAsync(backoff, stopping).ConfigureAwait(false);
            return null;
        }
    }

    private async Task<(Outcome Outcome, Exception? Exception)> RunTermAsync(ILeadership leadership, CancellationToken stopping)
    {
        Exception? exception = null;
        Outcome outcome;
        try
        {
            // In here, because a logger may throw: that ends the service, and must not leave the leadership behind.
            log.TermStarted(Election, leadership.FencingToken, _service);
            status.Begin(leadership);
            exception = await RunWorkAsync(leadership, stopping).ConfigureAwait(false);
            outcome = OutcomeOf(leadership, exception, stopping);
        }
        finally
        {
            status.End();
            await leadership.DisposeAsync().ConfigureAwait(false);
        }

        switch (outcome)
        {
            case Outcome.Stopped when exception is null or OperationCanceledException:
                log.Resigned(_service, Election, leadership.FencingToken);
                break;
            case Outcome.Stopped:
                log.ServiceFailedForGood(exception, _service, Election, leadership.FencingToken);
                break;
            case Outcome.Lost:
                log.TermLost(exception is OperationCanceledException ? null : exception, Election, leadership.FencingToken, _service);
                break;
            case Outcome.Completed:
                log.ServiceCompleted(_service, Election, leadership.FencingToken);
                break;
        }

        return (outcome, exception);
    }

    /// <summary>Runs the work under a token that ends with the term, and returns what it threw.</summary>
    private async Task<Exception?> RunWorkAsync(ILeadership leadership, CancellationToken stopping)
    {
        using var term = CancellationTokenSource.CreateLinkedTokenSource(stopping, leadership.Lost);
        using var overdue = time.CreateTimer(
            _ => log.StopOverdue(_service, Election, leadership.FencingToken, safetyMargin), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        using var lost = leadership.Lost.UnsafeRegister(_ => overdue.Change(safetyMargin, Timeout.InfiniteTimeSpan), null);
        try
        {
            var scope = services.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
            {
                await work.RunAsync(scope.ServiceProvider, leadership, _shutdown.Token, term.Token).ConfigureAwait(false);
            }

            return null;
        }
#pragma warning disable CA1031 // Whatever the service throws ends its term; what comes then depends on the options.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return exception;
        }
    }

    private static Outcome OutcomeOf(ILeadership leadership, Exception? exception, CancellationToken stopping) =>
        stopping.IsCancellationRequested ? Outcome.Stopped
        : leadership.State == LeaseState.Lost ? Outcome.Lost
        : exception is null ? Outcome.Completed
        : Outcome.Failed;

    private async Task BackOffAsync(TimeSpan backoff, CancellationToken stopping) =>
        await Task.Delay(backoff, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private TimeSpan Backoff(int failures)
    {
        var backoff = options.MinBackoff.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 30));
        return backoff < options.MaxBackoff.TotalMilliseconds ? TimeSpan.FromMilliseconds(backoff) : options.MaxBackoff;
    }

    private enum Outcome
    {
        Stopped,
        Lost,
        Completed,
        Failed,
    }
}
