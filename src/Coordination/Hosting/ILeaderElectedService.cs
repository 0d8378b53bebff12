namespace Coordination.Hosting;

/// <summary>
/// Work that one process of several does at a time: it runs in the process that is elected, and only while that process leads. Add it with
/// <c>AddLeaderElectedService&lt;T&gt;("name")</c> on the coordinator's builder.
/// </summary>
public interface ILeaderElectedService
{
    /// <summary>
    /// One term. Called on a new instance, with a dependency injection scope of its own, each time that this process is elected. The election is resigned
    /// when the returned task has ended, and not before: nobody else works while this one does.
    /// </summary>
    /// <param name="leadership">
    /// The leadership. Its <see cref="IFencedLease.FencingToken"/> is the number of the term: send it with each write.
    /// </param>
    /// <param name="stoppingToken">
    /// Cancelled when the leadership is lost, at least the safety margin before another can be elected, and when the host stops. Stop then, soon.
    /// </param>
    /// <returns>
    /// A task that ends when the work does. Returning without being asked to stop resigns and ends the service in this process for good; throwing is
    /// treated as <see cref="LeaderElectedServiceOptions.ExceptionBehavior"/> says.
    /// </returns>
    Task ExecuteAsync(ILeadership leadership, CancellationToken stoppingToken);
}
