namespace Coordination.Redis;

/// <summary>Who takes a detached lease over. It has another id for each take, so that what takes one back, however late it comes, undoes no later one.</summary>
/// <param name="id">The id of a take whose outcome is not known, to be asked for again.</param>
internal sealed class RedlockTaker(string? id)
{
    /// <summary>The id of the take under way.</summary>
    public string Id { get; private set; } = id ?? RedlockBackend.NewId();

    /// <summary>Another take begins.</summary>
    public void Renew() => Id = RedlockBackend.NewId();
}
