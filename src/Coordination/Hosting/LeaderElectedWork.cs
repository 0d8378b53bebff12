using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Coordination.Hosting;

/// <summary>What a term runs: a new instance of the service, made from the term's scope and disposed with it.</summary>
internal abstract class LeaderElectedWork
{
    public abstract Type ServiceType { get; }

    /// <summary>Says why the container could not make the service, if so; it is not made for that.</summary>
    public abstract string? FailureToMake(IServiceProvider services);

    /// <summary>Runs until the work ends by itself or because the term does.</summary>
    /// <param name="scope">The term's services.</param>
    /// <param name="leadership">The term's leadership.</param>
    /// <param name="shutdown">Cancelled when the host's time to stop is up.</param>
    /// <param name="term">Cancelled when the term ends.</param>
    public abstract Task RunAsync(IServiceProvider scope, ILeadership leadership, CancellationToken shutdown, CancellationToken term);

    protected static async ValueTask DisposeAsync(object service)
    {
        switch (service)
        {
            case IAsyncDisposable disposable:
                await disposable.DisposeAsync().ConfigureAwait(false);
                break;
            case IDisposable disposable:
                disposable.Dispose();
                break;
        }
    }
}

/// <summary>An <see cref="ILeaderElectedService"/>.</summary>
internal sealed class LeaderElectedServiceWork<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T> : LeaderElectedWork
    where T : class, ILeaderElectedService
{
    public override Type ServiceType => typeof(T);

    public override string? FailureToMake(IServiceProvider services) => ServiceConstructor.Failure(typeof(T), services);

    public override async Task RunAsync(IServiceProvider scope, ILeadership leadership, CancellationToken shutdown, CancellationToken term)
    {
        var service = ActivatorUtilities.CreateInstance<T>(scope);
        try
        {
            await service.ExecuteAsync(leadership, term).ConfigureAwait(false);
        }
        finally
        {
            await DisposeAsync(service).ConfigureAwait(false);
        }
    }
}

/// <summary>A <see cref="BackgroundService"/> that knows nothing of elections: started and stopped as a host would.</summary>
internal sealed class LeaderElectedBackgroundServiceWork<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T> : LeaderElectedWork
    where T : BackgroundService
{
    public override Type ServiceType => typeof(T);

    public override string? FailureToMake(IServiceProvider services) => ServiceConstructor.Failure(typeof(T), services);

    public override async Task RunAsync(IServiceProvider scope, ILeadership leadership, CancellationToken shutdown, CancellationToken term)
    {
        var service = ActivatorUtilities.CreateInstance<T>(scope);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(term);
        try
        {
            // Its stopping token is linked to the one it is started with: the loss reaches it at once, before StopAsync does.
            await StartAsync(service, stop.Token).ConfigureAwait(false);
            await EndOf(service, term).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await StopAsync(service, shutdown).ConfigureAwait(false);
            await (service.ExecuteTask ?? Task.CompletedTask).ConfigureAwait(false);
        }
        finally
        {
            // The term has ended when the work has: it may go on after StopAsync, which stops waiting when the host's time is up, or after a StartAsync or StopAsync that threw.
            await stop.CancelAsync().ConfigureAwait(false);
            await (service.ExecuteTask ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await DisposeAsync(service).ConfigureAwait(false);
        }
    }

    private static async Task StartAsync(T service, CancellationToken cancellationToken)
    {
        var lifecycle = service as IHostedLifecycleService;
        await (lifecycle?.StartingAsync(cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
        await service.StartAsync(cancellationToken).ConfigureAwait(false);
        await (lifecycle?.StartedAsync(cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
    }

    // As a host does, each step is taken though the one before it threw.
    private static async Task StopAsync(T service, CancellationToken cancellationToken)
    {
        var lifecycle = service as IHostedLifecycleService;
        try
        {
            await (lifecycle?.StoppingAsync(cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
        }
        finally
        {
            try
            {
                await service.StopAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                await (lifecycle?.StoppedAsync(cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
            }
        }
    }

    // A service that overrides StartAsync and does not call the base's has no task to wait for: it works until it is stopped.
    private static Task EndOf(T service, CancellationToken term) =>
        service.ExecuteTask is { } task ? Task.WhenAny(task, EndOf(term)) : EndOf(term);

    private static async Task EndOf(CancellationToken term)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = term.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), ended);
        await ended.Task.ConfigureAwait(false);
    }
}
